/**
 * The kinds of values that the config file is made of: durations, sizes,
 * ratios, names, secrets, maps by name. Every field carries its documentation,
 * which ends up in the JSON Schema.
 *
 * @module
 */

import { z } from "zod";
import { Secret } from "../../support/secret.ts";

/** A number field with a default. */
export type NumberField = z.ZodDefault<z.ZodNumber>;

/** A field that is `null` when absent. */
export type Optional<Schema extends z.ZodType> = z.ZodDefault<
  z.ZodNullable<Schema>
>;

/** A section whose every key may be left out. */
export type Section<Shape extends z.ZodRawShape> = z.ZodPrefault<
  z.ZodObject<Shape, z.core.$strict>
>;

/** An object in the file, a map in the program: names come from outside. */
export type NamedMap<Value extends z.ZodType> = z.ZodPrefault<
  z.ZodPipe<
    z.ZodRecord<z.ZodString, Value>,
    z.ZodTransform<
      ReadonlyMap<string, z.output<Value>>,
      Record<string, z.output<Value>>
    >
  >
>;

/** Text in the file that the program keeps hidden. */
export type SecretField = z.ZodPipe<
  z.ZodString,
  z.ZodTransform<Secret, string>
>;

/** Whole number, at least `least`. */
export function whole(
  value: number,
  doc: string,
  { least = 0, most = Number.MAX_SAFE_INTEGER }: {
    readonly least?: number;
    readonly most?: number;
  } = {},
): NumberField {
  return z.number().int().min(least).max(most).default(value).describe(doc);
}

/** Number between two bounds, both included. */
export function between(
  value: number,
  bounds: readonly [number, number],
  doc: string,
): NumberField {
  return z.number().min(bounds[0]).max(bounds[1]).default(value).describe(doc);
}

/** Yes or no. */
export function flag(
  value: boolean,
  doc: string,
): z.ZodDefault<z.ZodBoolean> {
  return z.boolean().default(value).describe(doc);
}

/** Text that is not empty. */
export function text(
  value: string,
  doc: string,
): z.ZodDefault<z.ZodString> {
  return z.string().min(1).default(value).describe(doc);
}

/** One of a closed set of words. */
export function choice<const Words extends readonly [string, ...string[]]>(
  words: Words,
  value: Words[number],
  doc: string,
): z.ZodDefault<z.ZodEnum<{ [Word in Words[number]]: Word }>> {
  const schema = z.enum(words) as z.ZodEnum<
    { [Word in Words[number]]: Word }
  >;
  return schema.default(value as never).describe(doc);
}

/** A field that is `null` when absent. */
export function optional<Schema extends z.ZodType>(
  schema: Schema,
  doc: string,
): Optional<Schema> {
  return schema.nullable().default(null as never).describe(doc);
}

/** A list, empty when absent. */
export function list<Schema extends z.ZodType>(
  schema: Schema,
  doc: string,
): z.ZodDefault<z.ZodArray<Schema>> {
  return z.array(schema).default([]).describe(doc);
}

/** A section whose every key may be left out. */
export function section<Shape extends z.ZodRawShape>(
  shape: Shape,
  doc: string,
): Section<Shape> {
  return z.strictObject(shape).prefault({} as never).describe(doc);
}

/** An object by free names, in the order of the file. */
export function named<Value extends z.ZodType>(
  key: z.ZodString,
  value: Value,
  doc: string,
): NamedMap<Value> {
  return z.record(key, value)
    .transform((record) => new Map(Object.entries(record)))
    .prefault({} as never).describe(doc) as unknown as NamedMap<Value>;
}

/** A secret: a reference in the file, never a literal. */
export function secret(doc: string): SecretField {
  return z.string().min(1).describe(doc)
    .transform((value) => new Secret(value));
}

/** Name of a client or provider: it becomes a metric label and a part of target ids. */
export const ID: z.ZodString = z.string().regex(
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
  "use 1 to 64 letters, digits, '.', '_', '-', beginning with a letter or digit",
);

/** Name of a model or alias, as clients send it. */
export const MODEL_NAME: z.ZodString = z.string().regex(
  /^[A-Za-z0-9._:/@+-]{1,256}$/,
  "use 1 to 256 of letters, digits and . _ : / @ + -",
);

/** Name that a price is filed under: a model, `provider/model`, or a model at any provider with a `*` in its place. */
export const PRICE_NAME: z.ZodString = z.string().regex(
  /^(?:\*\/)?[A-Za-z0-9._:/@+-]{1,256}$/,
  "use 1 to 256 of letters, digits and . _ : / @ + -, after */ where any provider is meant",
);

/** Model name in which `*` stands for any text. */
export const MODEL_PATTERN: z.ZodString = z.string().regex(
  /^[A-Za-z0-9._:/@+*-]{1,256}$/,
  "use 1 to 256 of letters, digits and . _ : / @ + -, with * for any text",
);

/** Free text key that is not empty. */
export const KEY: z.ZodString = z.string().min(1);

/** Name of an HTTP header. */
export const HEADER_NAME: z.ZodString = z.string().regex(
  /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/,
  "use a header name: letters, digits and -",
);
