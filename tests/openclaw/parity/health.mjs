// What ClawGrpc makes of a profile's health when upstream answers it as a case says (README.md, What a failure means).

const hour = 3_600_000;
const ladder = [60, 300, 1500, 3600];

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
  const of = {
    rate_limit: { cooldownUntil: after(ladder[Math.min(errorCount, ladder.length) - 1]), label: ' [cooldown 1m]' },
    billing: { disabledUntil: after(hours * 3600), disabledReason: 'billing', label: ` [disabled:billing ${hours}h]` },
    auth: { disabledUntil: 'until a new credential', disabledReason: 'auth', label: ' [disabled:auth]' },
  }[reason];
  const probe = { overloaded: 'rate_limit', server_error: 'unknown' }[reason] ?? reason ?? 'ok';
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
  if (status === 402 || /credit balance|insufficient credits|plans & billing/i.test(message)) return 'billing';
  if (status === 429) return 'rate_limit';
  if (status === 401 || (status === 403 && /oauth (token|authentication)/i.test(message))) return 'auth';
  if (status === 503 || status === 529) return 'overloaded';
  return status >= 500 ? 'server_error' : 'format';
}
