package dev.sluice.flowcontrol.types;

import java.util.Objects;
import java.util.Set;

/**
 * The needs that an endpoint must meet to serve a request. Requests with equal needs form an
 * eligibility class. Immutable.
 *
 * @param model the model's name; empty means any
 * @param adapter the LoRA adapter's name; empty means none
 * @param endpoints ids of the endpoints that may serve the request; empty means all
 */
public record Eligibility(String model, String adapter, Set<String> endpoints) {

  /** No needs: any endpoint can serve the request. */
  public static final Eligibility ANY = new Eligibility("", "", Set.of());

  /** Copies {@code endpoints}. */
  public Eligibility {
    Objects.requireNonNull(model, "model");
    Objects.requireNonNull(adapter, "adapter");
    endpoints = Set.copyOf(endpoints);
  }

  /** The needs of a request that names a model and nothing else. */
  public static Eligibility ofModel(String model) {
    return new Eligibility(model, "", Set.of());
  }
}
