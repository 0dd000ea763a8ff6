package dev.sluice.epp;

import java.util.Set;

/** The names that the picker, its proxy and the picker's clients have agreed on. */
final class Names {
  /** The header and the metadata key with the address that the proxy sends the request to. */
  static final String DESTINATION = "x-gateway-destination-endpoint";

  /** The namespace of the dynamic metadata with the destination. */
  static final String DESTINATION_NAMESPACE = "envoy.lb";

  /** The namespace of the metadata in which the proxy limits the endpoints. */
  static final String SUBSET_NAMESPACE = "envoy.lb.subset_hint";

  /** The key of the list of addresses in {@link #SUBSET_NAMESPACE}. */
  static final String SUBSET = "x-gateway-destination-endpoint-subset";

  static final String REQUEST_ID = "x-request-id";
  static final String CONTENT_LENGTH = "content-length";

  /** The header with the name of the model that the model server is asked for. */
  static final String REWRITE = "x-llm-d-model-name-rewrite";

  static final String OLD_REWRITE = "x-gateway-model-name-rewrite";

  /** Headers in which a client may send its API key. */
  static final Set<String> KEY_HEADERS = Set.of("authorization", "api-key", "x-api-key");

  /**
   * Headers that only a picker may set, or that are meant for the picker. A model server must not
   * see them from a client. The destination is not among them, because the picker replaces it.
   */
  static final Set<String> CONTROL_HEADERS =
      Set.of(
          "x-gateway-destination-endpoint-served",
          "x-gateway-destination-endpoint-subset",
          "x-gateway-destination-endpoint-scores",
          "x-llm-d-inference-fairness-id",
          "x-gateway-inference-fairness-id",
          REWRITE,
          OLD_REWRITE,
          "x-llm-d-slo-tpot-ms",
          "x-slo-tpot-ms",
          "x-prefiller-host-port",
          "x-encoder-hosts-ports",
          "x-data-parallel-host-port",
          "x-kv-cache-source-host-port");

  private Names() {}
}
