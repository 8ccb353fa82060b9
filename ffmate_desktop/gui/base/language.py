"""The language of the window: the first of the system's that there is a catalogue for, else English."""

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator


def install_translators(
    app: QCoreApplication, resources: Path, locale: QLocale | None = None
) -> list[QTranslator]:
    """Translate all texts that are made from now on; returns what does it, the best last.

    Without a `locale` the user's languages are tried in the order of their wishes. English comes first of all, since
    its catalogue knows singular and plural; Qt's own texts, such as the buttons of its dialogs, come with Qt.
    """
    wanted = locale or QLocale.system()
    own = str(resources / "translations")
    installed = []
    for words, name, folder in (
        (QLocale(QLocale.Language.English), "ffmate_desktop", own),
        (wanted, "qtbase", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)),
        (wanted, "ffmate_desktop", own),
    ):
        translator = QTranslator(app)
        if translator.load(words, name, "_", folder):
            app.installTranslator(translator)
            installed.append(translator)
    return installed
