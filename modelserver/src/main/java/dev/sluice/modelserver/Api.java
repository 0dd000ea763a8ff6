package dev.sluice.modelserver;

/** The kind of a generating request. It determines the path and the form of the answer. */
enum Api {
  CHAT,
  COMPLETION,
  RESPONSE,
  EMBEDDING
}
