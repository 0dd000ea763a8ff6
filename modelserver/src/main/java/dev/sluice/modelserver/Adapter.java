package dev.sluice.modelserver;

/**
 * A LoRA adapter that a model server serves under a name of its own. Immutable.
 *
 * @param name the adapter's name, by which requests ask for it; not blank
 * @param model the name of the served model that the adapter changes; not blank
 */
public record Adapter(String name, String model) {
  /** Rejects blank names. */
  public Adapter {
    if (name.isBlank() || model.isBlank()) {
      throw new IllegalArgumentException(
          "adapter: got " + name + "=" + model + ", allowed NAME=MODEL, neither of them blank");
    }
  }
}
