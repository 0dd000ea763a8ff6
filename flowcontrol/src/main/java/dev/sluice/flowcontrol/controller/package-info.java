/**
 * The engine: a pure decision core in a thin, thread-safe shell. What is public here is
 * thread-safe, except the builder.
 */
@NullMarked
package dev.sluice.flowcontrol.controller;

import org.jspecify.annotations.NullMarked;
