/* SPDX-License-Identifier: BSD-2-Clause */
/* One request, from its first line to its answer's last byte: libmicrohttpd's three callbacks.
 * Their `common` is a struct common; a connection has got its client before the first of them. */
#ifndef CAROM_REQUEST_H
#define CAROM_REQUEST_H

#include <microhttpd.h>

/* MHD_OPTION_URI_LOG_CALLBACK: a request's first line has come. */
void *request_open(void *common, const char *uri, struct MHD_Connection *connection);

/* MHD_AccessHandlerCallback: its header has come, a piece of its body, or its end. */
enum MHD_Result request_continue(void *common, struct MHD_Connection *connection, const char *url,
				 const char *method, const char *version, const char *data,
				 size_t *data_length, void **context);

/* MHD_OPTION_NOTIFY_COMPLETED: it is answered, or its connection is gone. */
void request_close(void *common, struct MHD_Connection *connection, void **context,
		   enum MHD_RequestTerminationCode code);

#endif
