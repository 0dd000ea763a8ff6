package dev.sluice.e2e;

/**
 * What a client is asked to do.
 *
 * @param scenario which call
 * @param key the API key that it sends
 * @param model the model that it names
 * @param maxTokens the most tokens that it wants
 */
record Ask(Scenario scenario, String key, String model, int maxTokens) {

  /** The calls that every client can make; its name is what the clients' programs are told. */
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
