/**
 * Estimates how many tokens a text has, by character classes: linear in time,
 * no tokenizer. The coefficients were fitted to a current 200k vocabulary
 * (mean error 5 to 9 %); what models report corrects them, see
 * {@linkcode TokenCorrection}.
 *
 * @module
 */

/** Vocabularies that split text noticeably differently. */
export type TokenFamily = "default" | "claude";

/** Tokens per unit of each class of characters. */
interface Coefficients {
  /** Per run of letters; a capital after a small letter begins another. */
  readonly hump: number;
  /** Per letter of a run beyond the sixth. */
  readonly longLetter: number;
  /** Per group of up to three digits. */
  readonly digits: number;
  /** Per run of ASCII punctuation. */
  readonly punctuation: number;
  /** Per run of line breaks. */
  readonly lineBreaks: number;
  /** Per run of more than one blank; a single one belongs to the next word. */
  readonly blanks: number;
  /** Per Han character. */
  readonly han: number;
  /** Per kana. */
  readonly kana: number;
  /** Per Hangul syllable. */
  readonly hangul: number;
  /** Per other UTF-16 unit. */
  readonly other: number;
}

const DEFAULT: Coefficients = {
  hump: 1.03,
  longLetter: 0.03,
  digits: 1.67,
  punctuation: 0.64,
  lineBreaks: 1.77,
  blanks: 1.81,
  han: 0.79,
  kana: 0.7,
  hangul: 0.75,
  other: 0.72,
};

const CLAUDE: Coefficients = {
  hump: 1.03 * 1.1,
  longLetter: 0.03 * 1.1,
  digits: 1.67 * 1.1,
  punctuation: 0.64 * 1.1,
  lineBreaks: 1.77 * 1.1,
  blanks: 1.81 * 1.1,
  han: 1.1,
  kana: 1.04,
  hangul: 1.42,
  other: 0.72 * 1.1,
};

/** Tokens of one UTF-16 unit where nothing but a count of units is known. */
const TOKENS_PER_UNIT = 0.25;

const NONE = 0;
const SMALL = 1;
const CAPITAL = 2;
const DIGIT = 3;
const PUNCTUATION = 4;
const LINE_BREAK = 5;
const BLANK = 6;
const WIDE = 7;

/** Class of each ASCII character, indexed by code. */
const ASCII: readonly number[] = Array.from({ length: 128 }, (_, code) => {
  if (code === 10 || code === 13) return LINE_BREAK;
  if (code <= 32) return BLANK;
  if (code >= 48 && code <= 57) return DIGIT;
  if (code >= 65 && code <= 90) return CAPITAL;
  if (code >= 97 && code <= 122) return SMALL;
  return PUNCTUATION;
});

/** Counts a text that comes in pieces. A piece may end anywhere. */
export class TokenCounter {
  readonly #weights: Coefficients;
  #class = NONE;
  #run = 0;
  #tokens = 0;

  /** Starts at zero. */
  constructor(family: TokenFamily = "default") {
    this.#weights = family === "claude" ? CLAUDE : DEFAULT;
  }

  /** The tokens so far, rounded up. */
  get tokens(): number {
    const sum = this.#tokens + this.#closeRun();
    // The sum of many small terms may stand a hair above a whole number.
    return Math.ceil(sum - 1e-6);
  }

  /** Takes the next piece. */
  push(text: string): void {
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      const found = code < 128 ? ASCII[code] ?? NONE : WIDE;
      if (found === WIDE) {
        this.#tokens += this.#closeRun() + this.#wide(code);
        this.#class = NONE;
        this.#run = 0;
      } else if (
        found === this.#class ||
        (found === SMALL && this.#class === CAPITAL)
      ) {
        this.#class = found;
        this.#run++;
      } else {
        this.#tokens += this.#closeRun();
        this.#class = found;
        this.#run = 1;
      }
    }
  }

  #wide(code: number): number {
    const weights = this.#weights;
    if (code >= 0xac00 && code <= 0xd7af) return weights.hangul;
    if (code >= 0x3040 && code <= 0x30ff) return weights.kana;
    const han = (code >= 0x3400 && code <= 0x9fff) ||
      (code >= 0xf900 && code <= 0xfaff);
    return han ? weights.han : weights.other;
  }

  #closeRun(): number {
    const weights = this.#weights;
    switch (this.#class) {
      case SMALL:
      case CAPITAL:
        return weights.hump + weights.longLetter * Math.max(0, this.#run - 6);
      case DIGIT:
        return weights.digits * Math.ceil(this.#run / 3);
      case PUNCTUATION:
        return weights.punctuation;
      case LINE_BREAK:
        return weights.lineBreaks;
      case BLANK:
        return this.#run > 1 ? weights.blanks : 0;
      default:
        return 0;
    }
  }
}

/** Estimates the tokens of a text. */
export function estimateTokens(
  text: string,
  family: TokenFamily = "default",
): number {
  const counter = new TokenCounter(family);
  counter.push(text);
  return counter.tokens;
}

/** Estimates the tokens of a text of which only the length is known. */
export function estimateTokensOfLength(units: number): number {
  return Math.ceil(units * TOKENS_PER_UNIT);
}

/** Tells the vocabulary from a model's name. */
export function tokenFamilyOf(model: string): TokenFamily {
  return model.toLowerCase().includes("claude") ? "claude" : "default";
}

/** How far one new observation moves the learnt ratio. */
const LEARNING_RATE = 0.1;
/** Ratios outside of these come from media, tools or hidden prompts, not from the vocabulary. */
const LEAST_RATIO = 0.25;
const MOST_RATIO = 4;
/** Below this the fixed overhead of a request outweighs its text. */
const LEAST_TOKENS = 32;

/**
 * Learns per key (a model, usually) how far estimates are off, from answers
 * that report their usage. Bounded: the key that was not used for the longest
 * time goes first.
 */
export class TokenCorrection {
  readonly #maxKeys: number;
  readonly #ratios: Map<string, number> = new Map();

  /** Keeps at most `maxKeys` keys. */
  constructor(maxKeys: number = 1000) {
    this.#maxKeys = Math.max(1, maxKeys);
  }

  /** Tells the learnt factor on estimates for `key`, 1 if nothing is known. */
  ratioOf(key: string): number {
    return this.#ratios.get(key) ?? 1;
  }

  /** Corrects an estimate by what was learnt for `key`. */
  correct(key: string, estimated: number): number {
    return Math.ceil(estimated * this.ratioOf(key) - 1e-6);
  }

  /** Learns from an uncorrected estimate and the count that was reported. */
  learn(key: string, estimated: number, reported: number): void {
    if (estimated < LEAST_TOKENS || !(reported > 0)) return;
    const ratio = reported / estimated;
    if (!(ratio >= LEAST_RATIO && ratio <= MOST_RATIO)) return;
    const before = this.#ratios.get(key);
    this.#ratios.delete(key);
    this.#ratios.set(
      key,
      before === undefined ? ratio : before + (ratio - before) * LEARNING_RATE,
    );
    if (this.#ratios.size > this.#maxKeys) this.#forgetOldest();
  }

  #forgetOldest(): void {
    const oldest = this.#ratios.keys().next();
    if (!oldest.done) this.#ratios.delete(oldest.value);
  }
}
