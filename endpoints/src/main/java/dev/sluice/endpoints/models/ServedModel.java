package dev.sluice.endpoints.models;

/**
 * One entry of {@code /v1/models}. Immutable.
 *
 * @param id the name that requests give, not blank
 * @param createdSeconds the time of its creation, in seconds since 1970; 0 if unknown
 * @param ownedBy the owner; empty if unknown
 * @param parent the base model, if this is an adapter; else empty
 * @param json the entry as the server wrote it, a JSON object; empty if no server did
 */
public record ServedModel(
    String id, long createdSeconds, String ownedBy, String parent, String json) {

  /** Rejects a blank id. */
  public ServedModel {
    if (id.isBlank()) {
      throw new IllegalArgumentException("model id is blank");
    }
  }

  /** A model of which the server's own words are not kept. */
  public ServedModel(String id, long createdSeconds, String ownedBy, String parent) {
    this(id, createdSeconds, ownedBy, parent, "");
  }

  /** A model with nothing known but the name. */
  public static ServedModel of(String id) {
    return new ServedModel(id, 0, "", "");
  }

  /** Whether it is a LoRA adapter of another model. */
  public boolean isAdapter() {
    return !parent.isEmpty();
  }
}
