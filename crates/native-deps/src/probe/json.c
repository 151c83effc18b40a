/* Asks libnftables whether it was built with JSON: libnftables(3), libnftables-json(5).
 * Exit status: 0 it was, 1 it was not, 2 something else went wrong. */
#include <nftables/libnftables.h>
#include <string.h>

int main(void)
{
	struct nft_ctx *ctx = nft_ctx_new(NFT_CTX_DEFAULT);
	const char *error;

	if (ctx == NULL || nft_ctx_buffer_output(ctx) || nft_ctx_buffer_error(ctx))
		return 2;
	nft_ctx_output_set_flags(ctx, NFT_CTX_OUTPUT_JSON);
	if (nft_run_cmd_from_buffer(ctx, "{\"nftables\":[]}") == 0)
		return 0;
	/* Without JSON the text goes to the parser of nft's own language, which refuses it. */
	error = nft_ctx_get_error_buffer(ctx);
	return error != NULL && strstr(error, "syntax error") != NULL ? 1 : 2;
}
