/* SPDX-License-Identifier: BSD-2-Clause */
/* The description of the API in OpenAPI 3.1: openapi.yaml as it was when caromd was built. */
#ifndef CAROM_OPENAPI_H
#define CAROM_OPENAPI_H

#include "route.h"

route_read openapi_get;
/* Of the document: equal ones have equal tags. */
route_tag openapi_tag;

#endif
