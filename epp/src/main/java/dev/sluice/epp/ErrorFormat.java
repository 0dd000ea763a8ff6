package dev.sluice.epp;

/** The form of the body of a refusal. */
public enum ErrorFormat {
  /** {@code inference error: <Code> - <message>} as plain text, as upstream's picker answers. */
  UPSTREAM,
  /** The JSON that the SDKs of OpenAI and Anthropic understand, as Sluice's gateway answers. */
  JSON
}
