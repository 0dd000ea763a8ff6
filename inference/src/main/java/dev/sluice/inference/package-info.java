/**
 * What an LLM request is: what is read from requests and responses of the OpenAI API, and its error
 * bodies.
 */
@NullMarked
package dev.sluice.inference;

import org.jspecify.annotations.NullMarked;
