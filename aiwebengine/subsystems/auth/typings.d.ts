// Who asks, and what they may do.

interface AuthUser {
  readonly id: string;
  readonly email: string | null;
  readonly name: string | null;
  readonly provider: string | null;
  readonly roles: string[];
  readonly isAuthenticated: true;
}

interface Auth {
  readonly isAuthenticated: boolean;
  /** Null when nobody is signed in; so are the following. */
  readonly userId: string | null;
  readonly userEmail: string | null;
  readonly userName: string | null;
  readonly provider: string | null;
  /** Empty when nobody is signed in. */
  readonly roles: string[];
  /** The signed-in user, or null. */
  currentUser(): AuthUser | null;
  /** The signed-in user. Throws an AuthenticationError, uncaught a 401, when there is none. */
  requireAuth(): AuthUser;
  hasRole(role: string): boolean;
  /** The signed-in user, who has the role. Throws a PermissionError, uncaught a 403, otherwise. */
  requireRole(role: string): AuthUser;
  /** What the policy named `action` says of the user and `resource`; false when there is no such policy. */
  can(action: string, resource?: any): boolean;
}
declare const auth: Auth;

/** Sets the rule that `auth.can(name, resource)` asks. It must answer at once, not with a Promise. */
declare function definePolicy(name: string, allows: (user: AuthUser | null, resource: any) => boolean | null | undefined): void;
