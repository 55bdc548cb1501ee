// piece: auth
// names: auth definePolicy
(function (host) {
  // Who asks, and what they may do: a face of `host.request.auth`. The engine answers an uncaught
  // AuthenticationError with 401 and an uncaught PermissionError with 403.
  "use strict";
  const [BadType, Failure, Table] = [TypeError, Error, Map];
  const { defineProperty, freeze } = Object;

  const facts = () => host.request?.auth;
  const fact = (name) => facts()?.isAuthenticated === true ? facts()[name] ?? null : null;
  const rolesOf = () => [...fact("roles") ?? []];

  function refusal(name, status, message) {
    const error = new Failure(message);
    defineProperty(error, "name", { value: name, writable: true, configurable: true });
    return defineProperty(error, "status", { value: status, writable: true, configurable: true, enumerable: true });
  }

  function text(value, name) {
    if (typeof value !== "string" || value === "") throw new BadType(`${name} must be a non-empty string`);
    return value;
  }

  function currentUser() {
    if (facts()?.isAuthenticated !== true) return null;
    return {
      id: fact("userId"), email: fact("userEmail"), name: fact("userName"), provider: fact("provider"),
      roles: rolesOf(), isAuthenticated: true,
    };
  }

  function requireAuth() {
    const user = currentUser();
    if (user === null) throw refusal("AuthenticationError", 401, "Authentication required");
    return user;
  }

  const auth = freeze({
    get isAuthenticated() { return facts()?.isAuthenticated === true; },
    get userId() { return fact("userId"); },
    get userEmail() { return fact("userEmail"); },
    get userName() { return fact("userName"); },
    get provider() { return fact("provider"); },
    get roles() { return rolesOf(); },
    currentUser,
    requireAuth,
    hasRole(role) { return rolesOf().includes(text(role, "auth.hasRole: role")); },
    requireRole(role) {
      const wanted = text(role, "auth.requireRole: role");
      const user = requireAuth();
      if (!user.roles.includes(wanted)) throw refusal("PermissionError", 403, `Role ${wanted} required`);
      return user;
    },
    // What the policy of that name says; what has no policy is refused.
    can(action, resource) {
      text(action, "auth.can: action");
      const policy = host.local("auth").policies?.get(action);
      if (policy === undefined) return false;
      const verdict = policy(currentUser(), resource);
      if (typeof verdict?.then === "function") {
        // A promise is truthy: taken for a verdict, it would allow everything.
        throw new BadType(`auth.can: policy ${action} must answer at once, not with a Promise`);
      }
      return !!verdict;
    },
  });

  function definePolicy(name, allows) {
    text(name, "definePolicy: name");
    if (typeof allows !== "function") throw new BadType("definePolicy: allows must be a function (user, resource) => boolean");
    const local = host.local("auth");
    local.policies ??= new Table();
    local.policies.set(name, allows);
  }

  return { auth, definePolicy };
})
