/** `fetch` and nothing else: what a request needs to go on. */
export interface CorsProxyDeps {
  readonly fetch: typeof fetch;
}
