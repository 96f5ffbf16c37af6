/** Turns what the schema refuses into problems that name the value and the fix. @module */

import type { z } from "zod";
import { didYouMean } from "../support/did_you_mean.ts";
import { knownKeys } from "./json_schema.ts";
import { type ConfigPath, formatValue } from "./problem.ts";

/** What the schema refuses. */
export type Issue = z.core.$ZodIssue;

/** What is wrong at a path; the caller adds the place in the file. */
export interface PathProblem {
  /** Where. */
  readonly path: ConfigPath;
  /** What. */
  readonly problem: string;
  /** How to mend it. */
  readonly fix: string;
}

/** Spells the value at a path, or what stands for it if it is secret. */
export type ShowValue = (path: ConfigPath) => string;

const TYPE_NAMES: Readonly<Record<string, string>> = {
  int: "a whole number",
  number: "a number",
  string: "text in quotes",
  boolean: "true or false",
  array: "a list in [ ]",
  object: "an object in { }",
  record: "an object in { }",
  tuple: "a list in [ ]",
};

/** How far an alternative is from what was written: unknown keys weigh most. */
function weight(issues: readonly Issue[]): number {
  let sum = 0;
  for (const issue of issues) {
    if (issue.code === "unrecognized_keys") sum += 4 * issue.keys.length;
    else if (issue.code === "invalid_type" && issue.path.length === 0) sum += 9;
    else sum += 1;
  }
  return sum;
}

/** The path of an issue as keys and indexes. */
function pathOf(issue: Issue, parent: ConfigPath): ConfigPath {
  return [
    ...parent,
    ...issue.path.map((part) => typeof part === "number" ? part : String(part)),
  ];
}

/** Says which bound was passed and by what. */
function boundProblem(
  issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig,
  path: ConfigPath,
  show: ShowValue,
): PathProblem {
  const tooSmall = issue.code === "too_small";
  const bound = Number(tooSmall ? issue.minimum : issue.maximum);
  const side = tooSmall ? "least" : "most";
  if (issue.origin === "string" || issue.origin === "array") {
    const noun = issue.origin === "string" ? "character" : "entry";
    const count = noun === "entry" && bound !== 1 ? "entries" : noun;
    return {
      path,
      problem: tooSmall && bound === 1
        ? `the ${issue.origin === "string" ? "text" : "list"} is empty`
        : `value is ${show(path)}`,
      fix: tooSmall && bound === 1
        ? `give at least one ${noun}, or remove the key for its default`
        : `give at ${side} ${bound} ${count}`,
    };
  }
  const strictly = issue.inclusive === false
    ? (tooSmall ? "more than" : "less than")
    : `at ${side}`;
  return {
    path,
    problem: `value is ${show(path)}`,
    fix: `give ${strictly} ${bound}`,
  };
}

/** Says which keys are unknown, and which were probably meant. */
function unknownKeys(
  keys: readonly string[],
  path: ConfigPath,
): readonly PathProblem[] {
  const known = knownKeys(path);
  return keys.map((key) => {
    const meant = didYouMean(key, known);
    const listed = known.filter((name) => name !== "$schema");
    return {
      path: [...path, key],
      problem: "the key is unknown",
      fix: meant === null
        ? `remove it, or use one of ${listed.join(", ")}`
        : `did you mean ${meant}?`,
    };
  });
}

/** Says what was expected instead of a value of the wrong type. */
function typeProblem(
  expected: string,
  path: ConfigPath,
  show: ShowValue,
): PathProblem {
  const value = show(path);
  const wanted = TYPE_NAMES[expected] ?? expected;
  return value === "absent"
    ? { path, problem: "the key is missing", fix: `give ${wanted}` }
    : { path, problem: `value is ${value}`, fix: `give ${wanted}` };
}

/** Says one of several allowed values. */
function wordProblem(
  words: readonly unknown[],
  path: ConfigPath,
  show: ShowValue,
): PathProblem {
  const names = words.map((word) => formatValue(word));
  const value = show(path);
  const meant = didYouMean(value, names);
  return {
    path,
    problem: value === "absent"
      ? "the key is missing"
      : `value is ${show(path)}`,
    fix: meant === null || value === "absent"
      ? `use ${names.length > 1 ? "one of " : ""}${names.join(", ")}`
      : `did you mean ${meant}?`,
  };
}

/** Turns the issues of the schema into problems. */
export function schemaProblems(
  issues: readonly Issue[],
  show: ShowValue,
  parent: ConfigPath = [],
): readonly PathProblem[] {
  return issues.flatMap((issue) => {
    const path = pathOf(issue, parent);
    switch (issue.code) {
      case "unrecognized_keys":
        return unknownKeys(issue.keys, path);
      case "invalid_type":
        return [typeProblem(String(issue.expected), path, show)];
      case "too_small":
      case "too_big":
        return [boundProblem(issue, path, show)];
      case "invalid_value":
        return [wordProblem(issue.values, path, show)];
      case "invalid_union":
        return unionProblems(issue, path, show);
      case "invalid_key":
        return [{
          path,
          problem: "the name is not allowed",
          fix: issue.issues[0]?.message ?? "use another name",
        }];
      default:
        return [{
          path,
          problem: `value is ${show(path)}`,
          fix: issue.message,
        }];
    }
  });
}

/** Reports the alternative that was most probably meant. */
function unionProblems(
  issue: z.core.$ZodIssueInvalidUnion,
  path: ConfigPath,
  show: ShowValue,
): readonly PathProblem[] {
  const ranked = issue.errors
    .toSorted((left, right) => weight(left) - weight(right));
  const closest = ranked[0] ?? [];
  const expected = issue.errors.flatMap((errors) => {
    const first = errors[0];
    return first?.code === "invalid_type" && first.path.length === 0
      ? [TYPE_NAMES[first.expected] ?? first.expected]
      : [];
  });
  if (expected.length === issue.errors.length && expected.length > 0) {
    return [{
      path,
      problem: `value is ${show(path)}`,
      fix: `give ${[...new Set(expected)].join(" or ")}`,
    }];
  }
  return schemaProblems(closest, show, path);
}
