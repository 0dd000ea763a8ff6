package dev.sluice.modelserver;

/**
 * A LoRA adapter that a model server serves under its own name. Immutable.
 *
 * @param name the name that requests ask for, not blank
 * @param model the served model that it adapts, not blank
 */
public record Adapter(String name, String model) {
  /** Rejects blank names. */
  public Adapter {
    if (name.isBlank() || model.isBlank()) {
      throw new IllegalArgumentException("adapter: got " + name + "=" + model + ", allowed A=M");
    }
  }
}
