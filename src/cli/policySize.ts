/** The maximum size of a policy file in bytes, far more than a policy needs. A hostile file must not keep the parser busy. */
export const POLICY_SIZE = 64 * 1024;
