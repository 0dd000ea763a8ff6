/** The engine: a pure decision core in a thin, thread-safe shell. */
@NullMarked
package dev.sluice.flowcontrol.controller;

import org.jspecify.annotations.NullMarked;
