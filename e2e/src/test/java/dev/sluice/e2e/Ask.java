package dev.sluice.e2e;

/**
 * A call that a client is asked to make.
 *
 * @param scenario the kind of call
 * @param key the API key that the client sends
 * @param model the model that the client names
 * @param maxTokens the client's limit on output tokens
 */
record Ask(Scenario scenario, String key, String model, int maxTokens) {

  /** The kinds of calls that every client can make. Client programs get the name as an argument. */
  enum Scenario {
    CHAT("chat"),
    CHAT_STREAM("chat-stream"),
    ABANDON("abandon"),
    COMPLETION("completion"),
    RESPONSE("response"),
    RESPONSE_STREAM("response-stream"),
    EMBEDDING("embedding"),
    MODELS("models");

    private final String label;

    Scenario(String label) {
      this.label = label;
    }

    @Override
    public String toString() {
      return label;
    }
  }

  Ask withKey(String other) {
    return new Ask(scenario, other, model, maxTokens);
  }

  Ask withModel(String other) {
    return new Ask(scenario, key, other, maxTokens);
  }
}
