// Counts what a results file says: TRX as `dotnet test` writes it, JUnit XML as the other runners do.

const attributes = String.raw`(?:\s+[\w:.-]+="[^"]*")*\s*`;
const trxResult = new RegExp(`<UnitTestResult(${attributes})(?:/>|>([\\s\\S]*?)</UnitTestResult>)`, 'g');
const junitCase = new RegExp(`<testcase(${attributes})(?:/>|>([\\s\\S]*?)</testcase>)`, 'g');

/** The counts of one results file, and `failures`: a line for each test that failed. Throws when the file is torn or holds no test. */
export function count(text) {
  const xml = text.replace(/<!--[\s\S]*?-->/g, '').trim();
  const tests = xml.endsWith('</TestRun>') ? trx(xml) : /<\/testsuites?>$/.test(xml) ? junit(xml) : null;
  if (tests === null) throw new Error('the results file is torn');
  if (tests.length === 0) throw new Error('the results file holds no test');
  const of = (outcome) => tests.filter((each) => each.outcome === outcome);
  const failures = of('failed').map(({ name, message }) => `${name}: ${message.trim().replace(/\s+/g, ' ').slice(0, 300)}`);
  return { passed: of('passed').length, failed: failures.length, skipped: of('skipped').length, failures };
}

function trx(xml) {
  return [...xml.matchAll(trxResult)].map(([, found, content = '']) => {
    const outcome = attribute(found, 'outcome');
    return {
      outcome: outcome === 'Passed' ? 'passed' : outcome === 'NotExecuted' ? 'skipped' : 'failed',
      name: attribute(found, 'testName'),
      message: unescaped(/<Message>([\s\S]*?)<\/Message>/.exec(content)?.[1] ?? ''),
    };
  });
}

function junit(xml) {
  return [...xml.matchAll(junitCase)].map(([, found, content = '']) => {
    const failure = /<(?:failure|error)([^>]*)>?/.exec(content);
    return {
      outcome: failure ? 'failed' : /<skipped[\s/>]/.test(content) ? 'skipped' : 'passed',
      name: attribute(found, 'name'),
      message: attribute(failure?.[1] ?? '', 'message'),
    };
  });
}

const attribute = (found, name) => unescaped(new RegExp(`\\s${name}="([^"]*)"`).exec(found)?.[1] ?? '');

const unescaped = (text) => text.replace(/&(lt|gt|quot|apos|amp);/g, (_, name) => ({ lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' })[name]);
