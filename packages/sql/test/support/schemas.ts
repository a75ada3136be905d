/** The same shape in three libraries. */
import { type } from "arktype";
import * as v from "valibot";
import { z } from "zod";

export const zodSchema = z.object({ id: z.number(), name: z.string() });
export const valibotSchema = v.object({ id: v.number(), name: v.string() });
export const arktypeSchema = type({ id: "number", name: "string" });
