/* TLS for the server: OpenSSL under libevent's bufferevents, 1.2 or later. A connection keeps the certificate that it
 * began with; new ones get what was loaded last. */
#include "shared/http_parts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

/* Why OpenSSL would not: the first of its errors, which is the cause of the others. */
static bool tell_openssl(struct err *err, const char *what, const char *file)
{
	char text[160];
	ERR_error_string_n(ERR_get_error(), text, sizeof text);
	ERR_clear_error();
	return err_set(err, ERR_CONFIG, "%s: %s: %s", what, file, text);
}

/* A key with a password would make OpenSSL ask for it at a terminal. */
static int no_password(char *text, int size, int is_write, void *arg)
{
	(void)text, (void)size, (void)is_write, (void)arg;
	return 0;
}

/* Whoever can read the key can be this server. */
static bool check_key_file(const char *path, struct err *err)
{
	struct stat status;
	if (stat(path, &status) == 0 && (status.st_mode & S_IRWXO))
		return err_set(err, ERR_CONFIG,
			       "api.tls_key: %s: it is open to others than its owner and group (mode %04o); chmod 640 "
			       "mends that",
			       path, (unsigned)(status.st_mode & 07777));
	return true;
}

/* Fills the context. */
static bool context_load(SSL_CTX *context, const struct http_server_options *options, struct err *err)
{
	SSL_CTX_set_default_passwd_cb(context, no_password);
	if (!check_key_file(options->tls_key, err))
		return false;
	if (SSL_CTX_use_certificate_chain_file(context, options->tls_cert) != 1)
		return tell_openssl(err, "api.tls_cert", options->tls_cert);
	if (SSL_CTX_use_PrivateKey_file(context, options->tls_key, SSL_FILETYPE_PEM) != 1)
		return tell_openssl(err, "api.tls_key", options->tls_key);
	return true;
}

bool http_server_load_tls(struct http_server *server, struct err *err)
{
	if (!server->options.tls_cert)
		return true;
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	if (!context || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1)
		abort();
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
	if (!context_load(context, &server->options, err)) {
		SSL_CTX_free(context);
		return false;
	}
	SSL_CTX_free(server->tls);
	server->tls = context;
	return true;
}

struct bufferevent *http_tls_wrap(struct http_server *server)
{
	SSL *ssl = SSL_new(server->tls);
	struct bufferevent *bev = ssl ? bufferevent_openssl_socket_new(server->base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING,
								       BEV_OPT_CLOSE_ON_FREE)
				      : NULL;
	if (!bev)
		abort();
	bufferevent_openssl_set_allow_dirty_shutdown(bev, 1); /* lengths say where messages end */
	return bev;
}

void http_tls_free(struct http_server *server)
{
	SSL_CTX_free(server->tls);
}
