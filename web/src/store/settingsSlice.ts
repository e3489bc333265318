// What a person sets for this browser: language and picture size. Kept in localStorage.
import { createSlice, type PayloadAction } from '@reduxjs/toolkit';
import type { VideoQuality } from '../call/devices';
import { guessLanguage, type Language } from '../i18n';

export interface SettingsState {
  language: Language;
  quality: VideoQuality;
}

const LANGUAGE = 'ichat.language';
const QUALITY = 'ichat.videoQuality';

function stored(): SettingsState {
  const quality = localStorage.getItem(QUALITY);
  return {
    language: guessLanguage(localStorage.getItem(LANGUAGE), navigator.languages),
    quality: quality === 'low' || quality === 'high' ? quality : 'standard',
  };
}

export function keepSettings(settings: SettingsState): void {
  localStorage.setItem(LANGUAGE, settings.language);
  localStorage.setItem(QUALITY, settings.quality);
}

const settingsSlice = createSlice({
  name: 'settings',
  initialState: stored,
  reducers: {
    languageChosen: (state, action: PayloadAction<Language>) => {
      state.language = action.payload;
    },
    qualityChosen: (state, action: PayloadAction<VideoQuality>) => {
      state.quality = action.payload;
    },
  },
});

export const { languageChosen, qualityChosen } = settingsSlice.actions;
export const settingsReducer = settingsSlice.reducer;
