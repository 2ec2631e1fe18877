// What ClawGrpc makes of a profile's health when upstream answers it as a case says (docs/failures.md).

const hour = 3_600_000;
const ladder = [60, 300, 1500, 3600];

// What a probe reports where that is not the reason.
const probes = {
  overloaded: 'rate_limit', too_costly: 'rate_limit', auth_permanent: 'auth', not_permitted: 'auth', model_not_found: 'format',
  server_error: 'unknown',
};

// Words that say more than the status does, as far as recorded answers have them. The first row that fits counts.
const [refused, limited] = [[400, 403], [400, 403, 429]];
const texts = [
  [limited, /required for long context|long context.* (require|not .*available)/i, 'too_costly'],
  [limited, /credit balance|plans & billing|payment required|insufficient (credits?|funds|balance)/i, 'billing'],
  [limited, /spend(ing)? (limit|cap)|out of (extra usage|usage|credits?)/i, 'billing'],
  [[403], /oauth (token|authentication)|bearer token|(key|token|credential) (has been|is|was) \w+/i, 'auth'],
  [refused, /(account|organi[sz]ation|workspace|subscription) (has been|is|was) (disabled|suspended|banned)/i, 'auth_permanent'],
  [refused, /not have (access to|permission to use) (claude|the api)(?!-| ?(opus|sonnet|haiku))/i, 'auth_permanent'],
  [refused, /accept.{0,80}terms|terms.{0,80}accept/i, 'auth_permanent'],
  [[404], /^model: |model.*(not found|not exist|not available)/i, 'model_not_found'],
];

/**
 * A profile after its request of a step: `reason` of the failure, what a `probe` reports, the members of its health in the form
 * of the compared files, and the end of its `label`. `failed` and `served` are profiles of the case.
 */
export function healthAfter(theCase, step, store, owner) {
  const { reason, message } = answerFor(theCase, step, store, owner);
  const before = store?.usageStats?.[owner] ?? {};
  const isOld = !(theCase.clock.nowMs - before.lastFailureAt <= 24 * hour);
  const counts = isOld ? {} : { ...before.failureCounts };
  const errorCount = (isOld ? 0 : before.errorCount ?? 0) + 1;
  counts[reason] = (counts[reason] ?? 0) + 1;
  const hours = Math.min(24, 5 * 2 ** ((counts.billing ?? 1) - 1));
  const after = (seconds) => `${seconds} s after the failure`;
  const names = Object.keys(store?.profiles ?? {});
  const fails = (name) => answerFor(theCase, step, store, name).reason !== undefined;
  const forGood = { disabledUntil: 'until a new credential', disabledReason: reason, label: ` [disabled:${reason}]` };
  const of = {
    rate_limit: { cooldownUntil: after(ladder[Math.min(errorCount, ladder.length) - 1]), label: ' [cooldown 1m]' },
    billing: { disabledUntil: after(hours * 3600), disabledReason: 'billing', label: ` [disabled:billing ${hours}h]` },
    auth: forGood,
    auth_permanent: forGood,
  }[reason];
  const probe = probes[reason] ?? reason ?? 'ok';
  const counted = of && { errorCount, failureCounts: counts };
  const [failed, served] = [names.filter(fails), names.filter((name) => !fails(name))];
  return { reason, message, probe, label: '', failed, served, ...counted, ...of };
}

/** How upstream answers a profile in the end; without a profile, how the last rule of the step does. */
function answerFor(theCase, step, store, owner) {
  const plans = theCase.steps.map(({ mockPlan }) => mockPlan);
  const rules = (plans[step] ?? plans.findLast(Boolean))?.rules ?? [];
  const { key, token, access } = store?.profiles?.[owner] ?? {};
  const secret = key ?? token ?? access;
  const rule = secret ? rules.find(({ match }) => !match.key || secret.includes(match.key)) : rules.at(-1);
  const { status, body } = rule?.responses.at(-1) ?? {};
  const message = body?.error?.message;
  return { reason: reasonOf(status, message ?? ''), message };
}

function reasonOf(status, message) {
  if (status === undefined) return undefined;
  if (status === 402) return 'billing';
  const [, , said] = texts.find(([statuses, words]) => statuses.includes(status) && words.test(message)) ?? [];
  if (said) return said;
  if (status === 503 || status === 529) return 'overloaded';
  return { 401: 'auth', 403: 'not_permitted', 429: 'rate_limit' }[status] ?? (status >= 500 ? 'server_error' : 'format');
}
