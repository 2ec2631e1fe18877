// Which credential was sent with which model, and how the prompt was marked for the cache. Repeats in place count once.

const builtIn = /^(fine-grained-tool-streaming|interleaved-thinking|claude-code|oauth|extended-cache-ttl)-/;

/** From the requests that a case recorded. */
export function recordedRoutesOf(requests) {
  return collapsed(requests.filter(({ url }) => url.includes('/messages')).map(({ rawHeaders, body }) => {
    const headers = new Map();
    for (let at = 0; at + 1 < rawHeaders.length; at += 2) headers.set(rawHeaders[at].toLowerCase(), rawHeaders[at + 1]);
    return routeOf(headers, body);
  }));
}

/** From the requests that the sandbox saw. */
export const routesOf = (requests) => collapsed(requests.filter((request) => request.path.endsWith('/messages'))
  .map(({ headers, json }) => routeOf(new Map(headers), json)));

function routeOf(headers, body) {
  const last = body.messages?.at(-1)?.content;
  const block = Array.isArray(last) ? last.at(-1) : undefined;
  return {
    model: body.model,
    apiKey: headers.get('x-api-key') ?? null,
    bearer: headers.get('authorization') ?? null,
    cache: block?.cache_control ?? null,
    betas: betasIn(headers.get('anthropic-beta') ?? ''),
  };
}

const betasIn = (header) => header.split(',').map((beta) => beta.trim()).filter((beta) => beta && !builtIn.test(beta)).sort();

function collapsed(routes) {
  return routes.filter((route, index) => index === 0 || JSON.stringify(route) !== JSON.stringify(routes[index - 1]));
}
