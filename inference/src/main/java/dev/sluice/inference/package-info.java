/**
 * What a request to a language model is: what a request's body says, how large it is, what an
 * answer says it used, and the errors and lists that a front door writes itself. OpenAI's wire
 * format; bytes in, values out; no HTTP types.
 */
@NullMarked
package dev.sluice.inference;

import org.jspecify.annotations.NullMarked;
