package dev.sluice.inference;

/** The JSON form of an error. */
public enum ErrorForm {
  /** {@code {"error":{"message","type","param","code"}}}. */
  OPENAI,
  /** {@code {"type":"error","error":{"type","message"}}}, with Anthropic's names of types. */
  ANTHROPIC
}
