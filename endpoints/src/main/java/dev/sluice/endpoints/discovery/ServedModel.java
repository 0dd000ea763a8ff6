package dev.sluice.endpoints.discovery;

/**
 * One entry of {@code /v1/models}. Immutable.
 *
 * @param id the name by which requests ask for it, not blank
 * @param createdSeconds when it was made, in seconds since 1970; 0 if unknown
 * @param ownedBy whose it is; empty if unknown
 * @param parent the model that it is an adapter of; empty if it is a model of its own
 */
public record ServedModel(String id, long createdSeconds, String ownedBy, String parent) {

  /** Rejects a blank id. */
  public ServedModel {
    if (id.isBlank()) {
      throw new IllegalArgumentException("model id is blank");
    }
  }

  /** A model of which only the name is known. */
  public static ServedModel of(String id) {
    return new ServedModel(id, 0, "", "");
  }

  /** Whether it is a LoRA adapter of another model. */
  public boolean isAdapter() {
    return !parent.isEmpty();
  }
}
