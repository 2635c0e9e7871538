/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For sparse alone, before each file: byte orders as types. The C library's own functions take and
 * return plain integers, so that sparse could not tell 10.0.0.1 from 1.0.0.10.
 */
#ifndef CI_SPARSE_H
#define CI_SPARSE_H

#include <arpa/inet.h>
#include <linux/types.h>

#undef htons
#undef htonl
#undef ntohs
#undef ntohl
#define force	       __attribute__((force))
#define htons(host)    ((force __be16)__builtin_bswap16(host))
#define htonl(host)    ((force __be32)__builtin_bswap32(host))
#define ntohs(network) __builtin_bswap16((force __u16)(__be16)(network))
#define ntohl(network) __builtin_bswap32((force __u32)(__be32)(network))

#endif
