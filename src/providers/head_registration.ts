/** What a head may say of itself. @module */

import { z } from "zod";
import { ID, MODEL_NAME } from "../config/schema/fields.ts";
import { PROTOCOL_NAMES } from "../exchange/names.ts";
import type { HeadRegistration } from "./head.ts";

const LABEL = z.string().regex(
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
  "use 1 to 64 letters, digits, '.', '_', '-'",
);

/** Reads a registration; what is missing has its default. */
export const headRegistrationSchema: z.ZodType<HeadRegistration> = z
  .strictObject({
    id: ID,
    endpoint: z.string().min(1).max(2048),
    protocol: z.enum(PROTOCOL_NAMES).default("chat"),
    modelType: LABEL.default("default"),
    region: LABEL.default("default"),
    models: z.array(MODEL_NAME).min(1).max(64),
    capacity: z.number().int().min(0).max(1_000_000).default(0),
    version: z.string().max(64).default(""),
    metadata: z.record(z.string().max(64), z.string().max(256))
      .refine((record) => Object.keys(record).length <= 32, "use at most 32")
      .default({}),
  });
