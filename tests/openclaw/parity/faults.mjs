// A case's script for the upstream in the sandbox's terms.

/** The faults of a mock plan. A plan matches a part of a key, the sandbox whole ones: `keys` are those of the case. */
export function faultsOf(plan, keys) {
  return (plan?.rules ?? []).flatMap(({ match, responses }) => {
    const owners = match.key ? keys.filter((key) => key.includes(match.key)) : [undefined];
    const path = match.path === '/messages' ? '/v1/messages' : (match.path ?? '*');
    return owners.flatMap((key) => responses.map((response, index) => ({
      match: { path, ...(key && { key }), ...(match.model && { model: match.model }) },
      times: index === responses.length - 1 ? 'forever' : 1,
      ...answerOf(response),
    })));
  });
}

function answerOf({ status, body, headers }) {
  if (status === undefined) return {};
  const content = typeof body === 'string' ? { text: body } : { json: body };
  const named = body?.request_id ? { 'request-id': body.request_id } : {};
  return { status: { code: status, headers: { ...named, ...headers }, ...(body === undefined ? {} : content) } };
}

const named = /\b(?:key|token|access|apiKey|ANTHROPIC_API_KEY|ANTHROPIC_OAUTH_TOKEN)["']?\s*:\s*["']([^"'\\]+)["']/g;

/** The credentials in some texts: everything that looks like a key, and what stands as one in a file of profiles. */
export const keysIn = (texts) => [...new Set(texts.flatMap((text) => [
  ...(text.match(/sk-ant-[\w-]+/g) ?? []),
  ...[...text.matchAll(named)].map(([, key]) => key.trim()),
].filter(Boolean)))];
