"""The language of the window: the user's first language with a catalogue, otherwise English."""

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator


def install_translators(
    app: QCoreApplication, resources: Path, locale: QLocale | None = None
) -> list[QTranslator]:
    """Translate all texts created from now on. Returns the installed translators; later ones take precedence.

    Without a `locale`, the user's languages are tried in order of preference. English is always installed as the
    fallback because its catalogue holds the plural forms. Qt ships the texts of its own dialogs.
    """
    locale = locale or QLocale.system()
    own = str(resources / "translations")
    installed = []
    for language, name, folder in (
        (QLocale(QLocale.Language.English), "ffmate_desktop", own),
        (locale, "qtbase", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)),
        (locale, "ffmate_desktop", own),
    ):
        translator = QTranslator(app)
        if translator.load(language, name, "_", folder):
            app.installTranslator(translator)
            installed.append(translator)
    return installed
