/** What the system says of a file that cannot be used, in words that help. @module */

const WORDS: ReadonlyMap<string, string> = new Map([
  ["NotFound", "there is no such file or folder"],
  ["PermissionDenied", "this user may not"],
  // The runtime's own refusal, under /proc and the like.
  ["NotCapable", "this program may not"],
  ["IsADirectory", "it is a folder"],
  ["NotADirectory", "a part of its path is no folder"],
  ["InvalidData", "it is no UTF-8 text"],
  ["AlreadyExists", "it is there already"],
  ["FilesystemLoop", "its links lead in a circle"],
]);

/** Says why a file operation failed, as one clause. Never the path, which the caller names. */
export function systemWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // What the runtime gives no class of its own says its code in words.
  const [, words] = /^([A-Z][^:(]+?) \(os error \d+\)/.exec(error.message) ??
    [];
  return WORDS.get(error.name) ?? words?.toLowerCase() ?? error.name;
}
