package dev.longtake.recipes;

/**
 * The model that a student is distilled from; see {@link CriticKeys} for the critic.
 *
 * @param from its folder; latents and text must be those of the student's model
 * @param negativePrompt what guidance leads away from; empty for no prompt at all
 */
public record TeacherKeys(String from, String negativePrompt) {}
