/** Patterns in which `*` stands for any text. @module */

/** Whether the whole text matches. Linear in practice: only the last `*` is ever retried. */
export function matchesWildcard(pattern: string, text: string): boolean {
  let patternIndex = 0;
  let textIndex = 0;
  let starIndex = -1;
  let retryIndex = 0;
  while (textIndex < text.length) {
    if (pattern[patternIndex] === "*") {
      starIndex = patternIndex++;
      retryIndex = textIndex;
    } else if (pattern[patternIndex] === text[textIndex]) {
      patternIndex++;
      textIndex++;
    } else if (starIndex >= 0) {
      patternIndex = starIndex + 1;
      textIndex = ++retryIndex;
    } else {
      return false;
    }
  }
  while (pattern[patternIndex] === "*") patternIndex++;
  return patternIndex === pattern.length;
}
