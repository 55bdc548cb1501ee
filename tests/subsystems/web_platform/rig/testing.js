(function (rig) {
  const cases = [];
  const show = (value) =>
    typeof value === "string"
      ? JSON.stringify(value)
      : typeof value === "object" && value !== null
        ? JSON.stringify(value)
        : String(value);
  const helpers = {
    test(name, body) {
      cases.push([name, body]);
    },
    same(actual, expected, message = "") {
      if (!Object.is(actual, expected))
        throw new Error(`${message} expected ${show(expected)}, got ${show(actual)}`);
    },
    equal(actual, expected, message = "") {
      if (show(actual) !== show(expected))
        throw new Error(`${message} expected ${show(expected)}, got ${show(actual)}`);
    },
    throws(kind, body, message = "") {
      try {
        body();
      } catch (error) {
        return helpers.isError(kind, error, message);
      }
      throw new Error(`${message} expected ${kind.name ?? kind}, nothing was thrown`);
    },
    async rejects(kind, promise, message = "") {
      try {
        await promise;
      } catch (error) {
        return helpers.isError(kind, error, message);
      }
      throw new Error(`${message} expected ${kind.name ?? kind}, nothing was rejected`);
    },
    isError(kind, error, message) {
      const fits =
        typeof kind === "string"
          ? error === kind || (error instanceof DOMException && error.name === kind)
          : typeof kind === "function"
            ? error.constructor === kind
            : error === kind;
      if (!fits)
        throw new Error(`${message} expected ${kind.name ?? kind}, got ${error?.name}: ${error?.message}`);
      return error;
    },
    sleep: (ms) => new Promise((resolve) => rig.host.setTimer(resolve, ms)),
    reported: rig.reported,
    piece: (name) => rig.pieces[name],
  };
  const run = async () => {
    const failures = [];
    for (const [name, body] of cases) {
      try {
        await body();
      } catch (error) {
        failures.push(`${name}: ${error?.name}: ${error?.message}\n${error?.stack ?? ""}`);
      }
    }
    rig.results.outcome = JSON.stringify({ count: cases.length, failures }).replace(
      /[\u0000\ud800-\udfff]/g,
      "?",
    );
  };
  return { helpers, run };
});
