// What a person sets for this browser: language, picture size and sound. Kept in localStorage.
import { createSlice, type PayloadAction } from '@reduxjs/toolkit';
import type { VideoQuality } from '../call/devices';
import { guessLanguage, type Language } from '../i18n';
import { keep, readKept } from './storage';

export interface SettingsState {
  language: Language;
  quality: VideoQuality;
  /** Whether a new message makes a sound. */
  sound: boolean;
}

const LANGUAGE = 'ichat.language';
const QUALITY = 'ichat.videoQuality';
const SOUND = 'ichat.messageSound';

function stored(): SettingsState {
  const quality = readKept(QUALITY);
  return {
    language: guessLanguage(readKept(LANGUAGE), navigator.languages),
    quality: quality === 'low' || quality === 'high' ? quality : 'standard',
    sound: readKept(SOUND) !== 'off',
  };
}

export function keepSettings(settings: SettingsState): void {
  keep(LANGUAGE, settings.language);
  keep(QUALITY, settings.quality);
  keep(SOUND, settings.sound ? 'on' : 'off');
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
    soundChosen: (state, action: PayloadAction<boolean>) => {
      state.sound = action.payload;
    },
  },
});

export const { languageChosen, qualityChosen, soundChosen } = settingsSlice.actions;
export const settingsReducer = settingsSlice.reducer;
