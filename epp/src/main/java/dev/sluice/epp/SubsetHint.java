package dev.sluice.epp;

import com.google.protobuf.Value;
import dev.sluice.endpoints.EndpointConfig;
import dev.sluice.inference.ErrorBody;
import dev.sluice.serving.refusal.Refusal;
import io.envoyproxy.envoy.config.core.v3.Metadata;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The proxy's limit on the endpoints that may serve a request. Immutable. */
sealed interface SubsetHint {
  /** The proxy sets no limit. */
  record None() implements SubsetHint {}

  /** Only endpoints at these addresses may serve the request. The set may be empty. */
  record Only(Set<String> addresses) implements SubsetHint {}

  /** The metadata has another type than the protocol says. */
  record Invalid(Refusal refusal) implements SubsetHint {}

  /** Reads the hint of a message; null if the message says nothing about it. O(addresses). */
  static @Nullable SubsetHint of(Metadata metadata) {
    var namespace = metadata.getFilterMetadataMap().get(Names.SUBSET_NAMESPACE);
    if (namespace == null) {
      return null;
    }
    var value = namespace.getFieldsMap().get(Names.SUBSET);
    return value == null ? null : of(value);
  }

  private static SubsetHint of(Value value) {
    var addresses = new HashSet<String>();
    switch (value.getKindCase()) {
      case STRING_VALUE -> add(addresses, value.getStringValue());
      case LIST_VALUE -> {
        for (var each : value.getListValue().getValuesList()) {
          if (each.getKindCase() != Value.KindCase.STRING_VALUE) {
            return invalid("a list with a value of type " + each.getKindCase());
          }
          add(addresses, each.getStringValue());
        }
      }
      case NULL_VALUE, NUMBER_VALUE, BOOL_VALUE, STRUCT_VALUE, KIND_NOT_SET -> {
        return invalid(value.getKindCase().toString());
      }
    }
    return new Only(Set.copyOf(addresses));
  }

  private static void add(Set<String> addresses, String list) {
    for (var address : List.of(list.split(",", -1))) {
      if (!address.isBlank()) {
        addresses.add(address.trim());
      }
    }
  }

  private static SubsetHint invalid(String got) {
    return new Invalid(
        Refusal.of(
            ErrorBody.invalidRequest(
                "Metadata "
                    + Names.SUBSET_NAMESPACE
                    + ", key "
                    + Names.SUBSET
                    + ": got "
                    + got
                    + ", allowed a list of strings or one string, each ip:port.",
                Names.SUBSET,
                "invalid_metadata")));
  }

  /**
   * The ids of the endpoints whose address is among these. An address without a port stands for
   * every port of its host. O(endpoints).
   */
  static Set<String> ids(Set<String> addresses, Collection<EndpointConfig> endpoints) {
    var ids = new HashSet<String>();
    for (var endpoint : endpoints) {
      if (addresses.contains(endpoint.address())
          || addresses.contains("[" + endpoint.host() + "]")
          || addresses.contains(endpoint.host())) {
        ids.add(endpoint.id());
      }
    }
    return ids;
  }
}
