package dev.sluice.epp;

import io.envoyproxy.envoy.config.core.v3.HeaderMap;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The headers of one message, pseudo-headers included, by name in lower case. If a header occurs
 * several times, all its values are kept. If an entry has a {@code raw_value}, its {@code value} is
 * ignored. Bytes that are not UTF-8 become replacement characters, so they never equal a configured
 * name. Immutable. O(headers).
 */
final class Headers {
  /** No headers at all. */
  static final Headers NONE = new Headers(HeaderMap.getDefaultInstance());

  private final Map<String, List<String>> byName = new LinkedHashMap<>();

  Headers(HeaderMap headers) {
    for (var header : headers.getHeadersList()) {
      var raw = header.getRawValue();
      byName
          .computeIfAbsent(header.getKey().toLowerCase(Locale.ROOT), ignored -> new ArrayList<>(1))
          .add(raw.isEmpty() ? header.getValue() : raw.toStringUtf8());
    }
  }

  /**
   * All values of a header; empty if the message does not have the header.
   *
   * @param name the name in lower case
   */
  List<String> all(String name) {
    return byName.getOrDefault(name, List.of());
  }

  /**
   * The first value of a header; null if the message does not have the header.
   *
   * @param name the name in lower case
   */
  @Nullable String first(String name) {
    var values = byName.get(name);
    return values == null ? null : values.getFirst();
  }

  /** The first value of a header, or {@code otherwise} if there is none or it is empty. */
  String first(String name, String otherwise) {
    var value = first(name);
    return value == null || value.isEmpty() ? otherwise : value;
  }

  /** Those of the names whose headers are present, sorted. */
  List<String> present(Collection<String> names) {
    return names.stream().filter(byName::containsKey).sorted().toList();
  }
}
