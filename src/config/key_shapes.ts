/** Tells texts that look like keys, so that none is ever kept in a config file. @module */

/** Beginnings that providers give their keys, followed by enough to be one. */
const KEY_REGEXP =
  /(^|[\s=:])((sk|pk|rk|gsk|xai|sbx|pplx|nvapi|hf|r8|ghp|glpat|tgp|fw|csk|key)[-_][A-Za-z0-9_-]{12,}|AIza[A-Za-z0-9_-]{20,}|AKIA[A-Z0-9]{12,}|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_.-]{10,})/;

const SECRET_NAME_REGEXP =
  /^(proxy-)?authorization$|^cookie$|(^|[-_])(api-?key|key|token|secret|password|signature|sig)$/i;

/** Whether a text looks like a key wherever it stands. */
export function looksLikeKey(text: string): boolean {
  return KEY_REGEXP.test(text);
}

/** Whether a header or query parameter of this name carries a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME_REGEXP.test(name);
}
