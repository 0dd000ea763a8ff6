package dev.sluice.modelserver;

/** The kinds of generating requests, each with its path and its form of answer. */
enum Api {
  CHAT,
  COMPLETION,
  RESPONSE,
  EMBEDDING
}
