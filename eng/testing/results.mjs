// Counts what a results file says: TRX as `dotnet test` writes it, JUnit XML as the other runners do.

const attributes = String.raw`(?:\s+[\w:.-]+="[^"]*")*\s*`;
const trxResult = new RegExp(`<UnitTestResult(${attributes})/?>`, 'g');
const junitCase = new RegExp(`<testcase${attributes}(?:/>|>([\\s\\S]*?)</testcase>)`, 'g');

/** The counts of one results file; throws when the file is torn or holds no test at all. */
export function count(text) {
  const xml = text.replace(/<!--[\s\S]*?-->/g, '').trim();
  const outcomes = xml.endsWith('</TestRun>') ? trx(xml) : /<\/testsuites?>$/.test(xml) ? junit(xml) : null;
  if (outcomes === null) throw new Error('the results file is torn');
  if (outcomes.length === 0) throw new Error('the results file holds no test');
  const of = (outcome) => outcomes.filter((each) => each === outcome).length;
  return { passed: of('passed'), failed: of('failed'), skipped: of('skipped') };
}

function trx(xml) {
  return [...xml.matchAll(trxResult)].map(([, found]) => {
    const outcome = /\soutcome="([^"]*)"/.exec(found)?.[1];
    return outcome === 'Passed' ? 'passed' : outcome === 'NotExecuted' ? 'skipped' : 'failed';
  });
}

function junit(xml) {
  return [...xml.matchAll(junitCase)].map(([, content = '']) =>
    /<(failure|error)[\s/>]/.test(content) ? 'failed' : /<skipped[\s/>]/.test(content) ? 'skipped' : 'passed');
}
