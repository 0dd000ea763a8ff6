package dev.sluice.flowcontrol.framework;

/**
 * The description of one parameter of a plugin type, for documentation and schemas. Immutable.
 *
 * @param name the name in configuration
 * @param type the type in words: {@code whole number}, {@code number}, {@code true or false},
 *     {@code text}, {@code duration}, {@code one of a, b, c} or {@code list of ...}
 * @param defaultValue the value that holds unless configuration gives another one
 */
public record PluginParameter(String name, String type, Object defaultValue) {}
