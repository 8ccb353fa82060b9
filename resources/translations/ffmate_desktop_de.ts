<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
<context>
    <name>AddNodeDialog</name>
    <message>
        <source>Add a node</source>
        <translation>Knoten hinzufügen</translation>
    </message>
    <message>
        <source>The command that adds a node</source>
        <translation>Der Befehl zum Hinzufügen eines Knotens</translation>
    </message>
    <message>
        <source>Show the password</source>
        <translation>Passwort anzeigen</translation>
    </message>
    <message>
        <source>Copy command</source>
        <translation>Befehl kopieren</translation>
    </message>
    <message>
        <source>Install FFmate Desktop on the other computer and run this command there. It joins within seconds and starts taking tasks.</source>
        <translation>Installieren Sie FFmate Desktop auf dem anderen Computer, und führen Sie dort diesen Befehl aus. Der Computer tritt dem Cluster nach wenigen Sekunden bei und beginnt mit der Arbeit.</translation>
    </message>
    <message>
        <source>If other people use that computer, set the variable FFMATE_DATABASE to the address instead: anyone there can read a command line.</source>
        <translation>Wenn auch andere Personen den Computer benutzen, geben Sie die Adresse besser in der Variablen FFMATE_DATABASE an: Befehlszeilen kann dort jeder lesen.</translation>
    </message>
    <message>
        <source>Every node uses the same paths to your files: keep them on a drive that all computers share.</source>
        <translation>Alle Knoten verwenden dieselben Pfade zu Ihren Dateien: Legen Sie sie auf einem gemeinsamen Laufwerk ab.</translation>
    </message>
    <message>
        <source>For a computer without a screen, add --no-gui to the command.</source>
        <translation>Für einen Computer ohne Bildschirm ergänzen Sie den Befehl um --no-gui.</translation>
    </message>
    <message>
        <source>This computer reaches the database through a local socket. On the other computer, use this computer&apos;s name or address as the host instead, for example “{0}”.</source>
        <translation>Dieser Computer erreicht die Datenbank über einen lokalen Socket. Geben Sie auf dem anderen Computer stattdessen den Namen oder die Adresse dieses Computers als Host an, zum Beispiel „{0}“.</translation>
    </message>
    <message>
        <source>On every computer, “{0}” means that computer itself. On the other one, use this computer&apos;s name or address instead, for example “{1}”.</source>
        <translation>„{0}“ bezeichnet auf jedem Computer den Computer selbst. Geben Sie auf dem anderen Computer stattdessen den Namen oder die Adresse dieses Computers an, zum Beispiel „{1}“.</translation>
    </message>
    <message>
        <source>Other computers can&apos;t reach this queue</source>
        <translation>Diese Warteschlange ist für andere Computer nicht erreichbar</translation>
    </message>
    <message>
        <source>It is stored in a database on this computer that no other computer can connect to. To work together, computers need a PostgreSQL server (15 or newer) that all of them can reach: on one of your computers, on a NAS, or rented.</source>
        <translation>Sie liegt in einer Datenbank auf diesem Computer, mit der sich kein anderer Computer verbinden kann. Um zusammenzuarbeiten, brauchen die Computer einen PostgreSQL-Server (15 oder neuer), den alle erreichen: auf einem Ihrer Computer, auf einem NAS oder gemietet.</translation>
    </message>
    <message>
        <source>Choose it in this computer&apos;s settings, then start every other computer with:</source>
        <translation>Wählen Sie ihn in den Einstellungen dieses Computers, und starten Sie alle anderen Computer mit:</translation>
    </message>
    <message>
        <source>The tasks in this queue stay on this computer. Let them finish first, or switch back to this database later.</source>
        <translation>Die Aufgaben in dieser Warteschlange bleiben auf diesem Computer. Warten Sie, bis sie fertig sind, oder wechseln Sie später zu dieser Datenbank zurück.</translation>
    </message>
    <message>
        <source>Copy example</source>
        <translation>Beispiel kopieren</translation>
    </message>
    <message>
        <source>Open settings</source>
        <translation>Einstellungen öffnen</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>Kopiert</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
</context>
<context>
    <name>AppearanceSection</name>
    <message>
        <source>Appearance</source>
        <translation>Darstellung</translation>
    </message>
    <message>
        <source>How the window looks. Changes apply immediately.</source>
        <translation>Wie das Fenster aussieht. Änderungen gelten sofort.</translation>
    </message>
    <message>
        <source>Same as system</source>
        <translation>Wie das System</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>Hell</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>Dunkel</translation>
    </message>
</context>
<context>
    <name>BasicsForm</name>
    <message>
        <source>Folder to watch, as the nodes reach it</source>
        <translation>Zu überwachender Ordner, wie die Knoten ihn erreichen</translation>
    </message>
    <message>
        <source>Choose …</source>
        <translation>Auswählen …</translation>
    </message>
    <message>
        <source>Choose the folder to watch</source>
        <translation>Zu überwachenden Ordner auswählen</translation>
    </message>
    <message>
        <source>What this watchfolder is for</source>
        <translation>Wofür dieser Ordner überwacht wird</translation>
    </message>
    <message>
        <source>Seconds between scans</source>
        <translation>Sekunden zwischen zwei Scans</translation>
    </message>
    <message>
        <source>s</source>
        <translation>s</translation>
    </message>
    <message>
        <source>Checks without a change</source>
        <translation>Prüfungen ohne Änderung</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>Ordner</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>Beschreibung</translation>
    </message>
    <message>
        <source>Output</source>
        <translation>Ausgabe</translation>
    </message>
    <message>
        <source>Checks</source>
        <translation>Prüfungen</translation>
    </message>
    <message>
        <source>Scan every</source>
        <translation>Scanintervall</translation>
    </message>
    <message>
        <source>Required: the preset has no output pattern</source>
        <translation>Erforderlich: Die Voreinstellung legt keine Ausgabe fest</translation>
    </message>
    <message>
        <source>Same as the folder</source>
        <translation>Wie der Ordner</translation>
    </message>
    <message>
        <source>A file is complete when it hasn&apos;t changed for {0}.</source>
        <translation>Eine Datei gilt als vollständig, wenn sie sich {0} lang nicht geändert hat.</translation>
    </message>
    <message>
        <source>Files are queued as soon as they are found, even while they are still being copied.</source>
        <translation>Dateien werden sofort eingereiht, auch wenn sie noch kopiert werden.</translation>
    </message>
    <message>
        <source>{0} becomes {1}</source>
        <translation>{0} → {1}</translation>
    </message>
</context>
<context>
    <name>Bridge</name>
    <message>
        <source>Can&apos;t reach the database right now.</source>
        <translation>Die Datenbank ist gerade nicht erreichbar.</translation>
    </message>
    <message>
        <source>Nothing is lost. Try again once it&apos;s back.</source>
        <translation>Es ging nichts verloren. Versuchen Sie es erneut, sobald sie wieder erreichbar ist.</translation>
    </message>
</context>
<context>
    <name>CloseDialog</name>
    <message>
        <source>A task is running on this computer</source>
        <translation>Auf diesem Computer läuft eine Aufgabe</translation>
    </message>
    <message>
        <source>{0} tasks are running on this computer</source>
        <translation>Auf diesem Computer laufen {0} Aufgaben</translation>
    </message>
    <message>
        <source>Close FFmate Desktop</source>
        <translation>FFmate Desktop schließen</translation>
    </message>
    <message>
        <source>Always do this</source>
        <translation>Auswahl merken</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>What should happen to them?</source>
        <translation>Was soll mit ihnen geschehen?</translation>
    </message>
    <message>
        <source>What should happen to it?</source>
        <translation>Was soll mit ihr geschehen?</translation>
    </message>
    <message>
        <source>Keep working in the background</source>
        <translation>Im Hintergrund weiterarbeiten</translation>
    </message>
    <message>
        <source>Finish running tasks, then quit</source>
        <translation>Laufende Aufgaben abschließen, dann beenden</translation>
    </message>
    <message>
        <source>Return tasks to the queue and quit now</source>
        <translation>Aufgaben in die Warteschlange zurückgeben und sofort beenden</translation>
    </message>
</context>
<context>
    <name>Closing</name>
    <message>
        <source>Close without saving?</source>
        <translation>Ohne Speichern schließen?</translation>
    </message>
    <message>
        <source>Close without saving</source>
        <translation>Ohne Speichern schließen</translation>
    </message>
</context>
<context>
    <name>ClusterSection</name>
    <message>
        <source>Cluster</source>
        <translation>Cluster</translation>
    </message>
    <message>
        <source>Where the queue is. Computers that use the same server share its tasks.</source>
        <translation>Wo die Warteschlange liegt. Computer mit demselben Server teilen sich ihre Aufgaben.</translation>
    </message>
    <message>
        <source>Queue on this computer</source>
        <translation>Warteschlange auf diesem Computer</translation>
    </message>
    <message>
        <source>Queue on a PostgreSQL server</source>
        <translation>Warteschlange auf einem PostgreSQL-Server</translation>
    </message>
    <message>
        <source>Test connection</source>
        <translation>Verbindung testen</translation>
    </message>
    <message>
        <source>No setup needed. Other computers can&apos;t use it.</source>
        <translation>Nichts einzurichten. Andere Computer können sie nicht nutzen.</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>Adresse</translation>
    </message>
    <message>
        <source>Password</source>
        <translation>Passwort</translation>
    </message>
    <message>
        <source>Enter the address of the server.</source>
        <translation>Geben Sie die Adresse des Servers ein.</translation>
    </message>
    <message>
        <source>Saved in the keyring</source>
        <translation>Im Schlüsselbund gespeichert</translation>
    </message>
    <message>
        <source>Saved only in this computer&apos;s keyring ({0}).</source>
        <translation>Wird nur im Schlüsselbund dieses Computers gespeichert ({0}).</translation>
    </message>
    <message>
        <source>This computer has no keyring, so FFmate Desktop forgets the password when it closes. A password file (~/.pgpass) keeps it.</source>
        <translation>Dieser Computer hat keinen Schlüsselbund, darum vergisst FFmate Desktop das Passwort beim Beenden. Eine Passwortdatei (~/.pgpass) bewahrt es auf.</translation>
    </message>
    <message>
        <source>Stop test</source>
        <translation>Test stoppen</translation>
    </message>
    <message>
        <source>The connection was lost during the test.</source>
        <translation>Die Verbindung ging während des Tests verloren.</translation>
    </message>
</context>
<context>
    <name>CommandBox</name>
    <message>
        <source>Command</source>
        <translation>Befehl</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>Kopieren</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>Kopiert</translation>
    </message>
</context>
<context>
    <name>CommandEdit</name>
    <message>
        <source>Command</source>
        <translation>Befehl</translation>
    </message>
    <message>
        <source>Arguments for ffmpeg; &amp;&amp; separates steps</source>
        <translation>Argumente für ffmpeg; &amp;&amp; trennt Schritte</translation>
    </message>
    <message>
        <source>This command is too long to edit.</source>
        <translation>Dieser Befehl ist zu lang zum Bearbeiten.</translation>
    </message>
</context>
<context>
    <name>ConnectionTestCard</name>
    <message>
        <source>Test result</source>
        <translation>Testergebnis</translation>
    </message>
    <message>
        <source>Connecting …</source>
        <translation>Verbinden …</translation>
    </message>
    <message>
        <source>PostgreSQL {0}, database {1}, user {2}</source>
        <translation>PostgreSQL {0}, Datenbank {1}, Benutzer {2}</translation>
    </message>
    <message>
        <source>A pooler is in between, in session mode, which works.</source>
        <translation>Dazwischen ist ein Pooler im Modus „session“; das funktioniert.</translation>
    </message>
    <message>
        <source>Server</source>
        <translation>Server</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>Adresse</translation>
    </message>
    <message>
        <source>Pooler</source>
        <translation>Pooler</translation>
    </message>
    <message>
        <source>Latency</source>
        <translation>Antwortzeit</translation>
    </message>
    <message>
        <source>A query takes {0} ms.</source>
        <translation>Eine Abfrage dauert {0} ms.</translation>
    </message>
    <message>
        <source>Notifications</source>
        <translation>Benachrichtigungen</translation>
    </message>
    <message>
        <source>LISTEN works. Notifications arrive after {0} ms.</source>
        <translation>LISTEN funktioniert. Benachrichtigungen kommen nach {0} ms an.</translation>
    </message>
    <message>
        <source>Clock</source>
        <translation>Uhr</translation>
    </message>
    <message>
        <source>Within a second of this computer&apos;s clock.</source>
        <translation>Weicht höchstens eine Sekunde von diesem Computer ab.</translation>
    </message>
    <message>
        <source>Differs by {0} s from this computer&apos;s clock. Only times in logs are affected.</source>
        <translation>Weicht {0} s von diesem Computer ab. Das betrifft nur Zeiten in Protokollen.</translation>
    </message>
    <message>
        <source>Rights</source>
        <translation>Rechte</translation>
    </message>
    <message>
        <source>Enough to set up the queue when you save.</source>
        <translation>Genug, um die Warteschlange beim Speichern einzurichten.</translation>
    </message>
    <message>
        <source>This user can read, write and update everything.</source>
        <translation>Dieser Benutzer kann alles lesen, schreiben und aktualisieren.</translation>
    </message>
    <message>
        <source>This user can read and write everything. Only {0} can update.</source>
        <translation>Dieser Benutzer kann alles lesen und schreiben. Nur {0} kann aktualisieren.</translation>
    </message>
    <message>
        <source>Encryption</source>
        <translation>Verschlüsselung</translation>
    </message>
    <message>
        <source>{0}. The server&apos;s certificate is checked.</source>
        <translation>{0}. Das Zertifikat des Servers wird geprüft.</translation>
    </message>
    <message>
        <source>{0}. The server&apos;s certificate isn&apos;t checked (sslmode=verify-full checks it).</source>
        <translation>{0}. Das Zertifikat des Servers wird nicht geprüft (sslmode=verify-full prüft es).</translation>
    </message>
    <message>
        <source>None needed: the connection stays on this computer.</source>
        <translation>Nicht nötig: Die Verbindung bleibt auf diesem Computer.</translation>
    </message>
    <message>
        <source>None: others on the network can read the traffic. Add ?sslmode=require to the address.</source>
        <translation>Keine: Andere im Netz können mitlesen. Hängen Sie ?sslmode=require an die Adresse an.</translation>
    </message>
    <message>
        <source>Nodes</source>
        <translation>Knoten</translation>
    </message>
    <message>
        <source>No nodes yet.</source>
        <translation>Noch keine Knoten.</translation>
    </message>
    <message>
        <source>1 running: {0}</source>
        <translation>1 aktiv: {0}</translation>
    </message>
    <message>
        <source>{0} running: {1}</source>
        <translation>{0} aktiv: {1}</translation>
    </message>
</context>
<context>
    <name>DetailPane</name>
    <message>
        <source>Task details</source>
        <translation>Details der Aufgabe</translation>
    </message>
    <message>
        <source>Close details</source>
        <translation>Details schließen</translation>
    </message>
    <message>
        <source>Preset</source>
        <translation>Voreinstellung</translation>
    </message>
    <message>
        <source>Node</source>
        <translation>Knoten</translation>
    </message>
    <message>
        <source>Elapsed</source>
        <translation>Dauer</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Priority</source>
        <translation>Priorität</translation>
    </message>
    <message>
        <source>Attempt</source>
        <translation>Versuch</translation>
    </message>
    <message>
        <source>{0} left</source>
        <translation>noch {0}</translation>
    </message>
</context>
<context>
    <name>DropOverlay</name>
    <message>
        <source>Drop it to queue it</source>
        <translation>Ablegen zum Einreihen</translation>
    </message>
    <message numerus="yes">
        <source>Drop %n items to queue them</source>
        <translation>
            <numerusform>Ablegen, um %n Objekt einzureihen</numerusform>
            <numerusform>Ablegen, um %n Objekte einzureihen</numerusform>
        </translation>
    </message>
    <message>
        <source>{0} and {1} more</source>
        <translation>{0} und {1} weitere</translation>
    </message>
    <message>
        <source>You can change it in the next step  ·  Esc cancels</source>
        <translation>Im nächsten Schritt können Sie sie ändern  ·  Esc bricht ab</translation>
    </message>
    <message>
        <source>Preset: {0}</source>
        <translation>Voreinstellung: {0}</translation>
    </message>
</context>
<context>
    <name>DryRunPane</name>
    <message>
        <source>Scanning the folder</source>
        <translation>Ordner wird gescannt</translation>
    </message>
    <message>
        <source>What would happen to each file</source>
        <translation>Was mit jeder Datei passieren würde</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Stoppen</translation>
    </message>
    <message>
        <source>Back to settings</source>
        <translation>Zurück zu den Einstellungen</translation>
    </message>
    <message>
        <source>Scanning the folder …</source>
        <translation>Ordner wird gescannt …</translation>
    </message>
    <message>
        <source>This is a dry run: nothing is written, moved or queued.</source>
        <translation>Das ist ein Probelauf: Es wird nichts geschrieben, verschoben oder eingereiht.</translation>
    </message>
    <message>
        <source>{0} of {1} files would be queued</source>
        <translation>{0} von {1} Dateien würden eingereiht</translation>
    </message>
    <message>
        <source>Each one after it hasn&apos;t changed for {0}.</source>
        <translation>Jede, sobald sie sich {0} lang nicht geändert hat.</translation>
    </message>
    <message>
        <source>This was a dry run: nothing was written, moved or queued.</source>
        <translation>Das war ein Probelauf: Es wurde nichts geschrieben, verschoben oder eingereiht.</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>Gestoppt</translation>
    </message>
</context>
<context>
    <name>EditTaskDialog</name>
    <message>
        <source>Edit task</source>
        <translation>Aufgabe bearbeiten</translation>
    </message>
    <message>
        <source>Priority</source>
        <translation>Priorität</translation>
    </message>
    <message>
        <source>Any node</source>
        <translation>Jeder Knoten</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>Labels</source>
        <translation>Labels</translation>
    </message>
    <message>
        <source>Output</source>
        <translation>Ausgabe</translation>
    </message>
    <message>
        <source>Command</source>
        <translation>Befehl</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>Speichern</translation>
    </message>
</context>
<context>
    <name>ErrorCard</name>
    <message>
        <source>Queue differently …</source>
        <translation>Anders einreihen …</translation>
    </message>
    <message>
        <source>Queue the same file with another preset or command</source>
        <translation>Dieselbe Datei mit einer anderen Voreinstellung oder einem anderen Befehl einreihen</translation>
    </message>
    <message>
        <source>The encode failed.</source>
        <translation>Die Kodierung ist fehlgeschlagen.</translation>
    </message>
</context>
<context>
    <name>ErrorReportDialog</name>
    <message>
        <source>Something went wrong</source>
        <translation>Etwas ist schiefgegangen</translation>
    </message>
    <message>
        <source>Error details</source>
        <translation>Fehlerdetails</translation>
    </message>
    <message>
        <source>Copy details</source>
        <translation>Details kopieren</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>This is a bug in FFmate Desktop.</source>
        <translation>Das ist ein Programmfehler in FFmate Desktop.</translation>
    </message>
    <message>
        <source>It happened while: {0}. Your tasks and this node keep running. Please report it with the details below.</source>
        <translation>Er ist aufgetreten bei: {0}. Ihre Aufgaben und dieser Knoten laufen weiter. Bitte melden Sie den Fehler mit den folgenden Details.</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>Kopiert</translation>
    </message>
</context>
<context>
    <name>FileActions</name>
    <message>
        <source>Show task</source>
        <translation>Aufgabe anzeigen</translation>
    </message>
    <message>
        <source>Retry</source>
        <translation>Erneut versuchen</translation>
    </message>
    <message>
        <source>Show in folder</source>
        <translation>Im Ordner anzeigen</translation>
    </message>
    <message>
        <source>Copy path</source>
        <translation>Pfad kopieren</translation>
    </message>
    <message>
        <source>This file isn&apos;t on this computer.</source>
        <translation>Diese Datei ist nicht auf diesem Computer.</translation>
    </message>
</context>
<context>
    <name>FileTable</name>
    <message>
        <source>Files of the watchfolder</source>
        <translation>Dateien des überwachten Ordners</translation>
    </message>
</context>
<context>
    <name>FilesBox</name>
    <message>
        <source>Input</source>
        <translation>Eingabe</translation>
    </message>
    <message>
        <source>Output</source>
        <translation>Ausgabe</translation>
    </message>
</context>
<context>
    <name>FilesPanel</name>
    <message>
        <source>All</source>
        <translation>Alle</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>Offen</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>Fertig</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>Fehlgeschlagen</translation>
    </message>
    <message>
        <source>Skipped</source>
        <translation>Übersprungen</translation>
    </message>
    <message>
        <source>Filter by state</source>
        <translation>Nach Status filtern</translation>
    </message>
    <message>
        <source>Search files</source>
        <translation>Dateien suchen</translation>
    </message>
    <message>
        <source>Search this folder&apos;s files</source>
        <translation>Dateien dieses Ordners durchsuchen</translation>
    </message>
    <message>
        <source>Select a watchfolder to see its files.</source>
        <translation>Wählen Sie einen überwachten Ordner aus, um seine Dateien zu sehen.</translation>
    </message>
    <message>
        <source>No files match this filter.</source>
        <translation>Keine Datei entspricht diesem Filter.</translation>
    </message>
    <message>
        <source>No node can reach this folder right now.</source>
        <translation>Gerade kann kein Knoten diesen Ordner erreichen.</translation>
    </message>
    <message>
        <source>This folder hasn&apos;t been scanned yet.</source>
        <translation>Dieser Ordner wurde noch nicht gescannt.</translation>
    </message>
    <message>
        <source>No files yet. Files you put into the folder appear here.</source>
        <translation>Noch keine Dateien. Dateien, die in den Ordner gelegt werden, erscheinen hier.</translation>
    </message>
</context>
<context>
    <name>FilterForm</name>
    <message>
        <source>All media files</source>
        <translation>Alle Mediendateien</translation>
    </message>
    <message>
        <source>For example: mxf, wav</source>
        <translation>Zum Beispiel: mxf, wav</translation>
    </message>
    <message>
        <source>For example: *_final.*</source>
        <translation>Zum Beispiel: *_final.*</translation>
    </message>
    <message>
        <source>For example: *_proxy.*, archive/</source>
        <translation>Zum Beispiel: *_proxy.*, archiv/</translation>
    </message>
    <message>
        <source>Minimum size</source>
        <translation>Mindestgröße</translation>
    </message>
    <message>
        <source>MiB</source>
        <translation>MiB</translation>
    </message>
    <message>
        <source>any size</source>
        <translation>beliebig</translation>
    </message>
    <message>
        <source>Minimum age</source>
        <translation>Mindestalter</translation>
    </message>
    <message>
        <source>s</source>
        <translation>s</translation>
    </message>
    <message>
        <source>any age</source>
        <translation>beliebig</translation>
    </message>
    <message>
        <source>Include subfolders</source>
        <translation>Unterordner einbeziehen</translation>
    </message>
    <message>
        <source>Extensions</source>
        <translation>Endungen</translation>
    </message>
    <message>
        <source>Except</source>
        <translation>Außer</translation>
    </message>
    <message>
        <source>Only names matching</source>
        <translation>Nur Namen wie</translation>
    </message>
    <message>
        <source>Never names matching</source>
        <translation>Keine Namen wie</translation>
    </message>
    <message>
        <source>* matches any text, ? one character, ** any folders. End a name with / to match a folder. Hidden files, unfinished files and the cluster&apos;s own outputs are never queued.</source>
        <translation>* = beliebiger Text, ? = ein Zeichen, ** = beliebige Ordner, / am Ende = Ordner. Versteckte oder unfertige Dateien und Ausgaben des Clusters werden nie eingereiht.</translation>
    </message>
</context>
<context>
    <name>FolderActions</name>
    <message>
        <source>Scan now</source>
        <translation>Jetzt scannen</translation>
    </message>
    <message>
        <source>Suspend</source>
        <translation>Aussetzen</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>Fortsetzen</translation>
    </message>
    <message>
        <source>Edit</source>
        <translation>Bearbeiten</translation>
    </message>
    <message>
        <source>Open folder</source>
        <translation>Ordner öffnen</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Löschen</translation>
    </message>
    <message>
        <source>“{0}” isn&apos;t on this computer.</source>
        <translation>„{0}“ ist nicht auf diesem Computer.</translation>
    </message>
    <message>
        <source>Another node may have it at this path.</source>
        <translation>Vielleicht hat ein anderer Knoten den Ordner unter diesem Pfad.</translation>
    </message>
    <message>
        <source>Delete the watchfolder “{0}”?</source>
        <translation>Den überwachten Ordner „{0}“ löschen?</translation>
    </message>
    <message>
        <source>The folder and its files stay as they are, and its tasks stay in the queue. The history of its files is deleted.</source>
        <translation>Der Ordner und seine Dateien bleiben unverändert, und seine Aufgaben bleiben in der Warteschlange. Der Verlauf seiner Dateien wird gelöscht.</translation>
    </message>
    <message>
        <source>Originals still waiting to be moved, which will stay in the folder: {0}</source>
        <translation>Originale, die noch verschoben werden sollten und nun im Ordner bleiben: {0}</translation>
    </message>
</context>
<context>
    <name>FolderRowDelegate</name>
    <message>
        <source>No files yet</source>
        <translation>Noch keine Dateien</translation>
    </message>
    <message>
        <source>{0} skipped</source>
        <translation>{0} übersprungen</translation>
    </message>
</context>
<context>
    <name>FolderTable</name>
    <message>
        <source>Watchfolders</source>
        <translation>Überwachte Ordner</translation>
    </message>
</context>
<context>
    <name>GroupedView</name>
    <message>
        <source>Batches and their tasks</source>
        <translation>Stapel und ihre Aufgaben</translation>
    </message>
</context>
<context>
    <name>Groups</name>
    <message>
        <source>Single tasks</source>
        <translation>Einzelne Aufgaben</translation>
    </message>
    <message>
        <source>{0} and {1} more</source>
        <translation>{0} (+{1})</translation>
    </message>
    <message>
        <source>{0} of {1} done</source>
        <translation>{0} von {1} fertig</translation>
    </message>
    <message>
        <source>{0} failed</source>
        <translation>{0} fehlgeschlagen</translation>
    </message>
    <message>
        <source>{0} cancelled</source>
        <translation>{0} abgebrochen</translation>
    </message>
    <message>
        <source>{0} running</source>
        <translation>{0} in Arbeit</translation>
    </message>
</context>
<context>
    <name>KeepAwake</name>
    <message>
        <source>Staying awake while encoding</source>
        <translation>Bleibt beim Kodieren wach</translation>
    </message>
</context>
<context>
    <name>LogLinesView</name>
    <message>
        <source>Log lines of all nodes</source>
        <translation>Protokollzeilen aller Knoten</translation>
    </message>
    <message>
        <source>1 new line</source>
        <translation>1 neue Zeile</translation>
    </message>
    <message>
        <source>{0} new lines</source>
        <translation>{0} neue Zeilen</translation>
    </message>
    <message>
        <source>Jump to newest</source>
        <translation>Zu den neuesten Zeilen</translation>
    </message>
</context>
<context>
    <name>LogView</name>
    <message>
        <source>Task log</source>
        <translation>Protokoll der Aufgabe</translation>
    </message>
    <message>
        <source>The log appears once the task runs.</source>
        <translation>Das Protokoll erscheint, sobald die Aufgabe läuft.</translation>
    </message>
    <message>
        <source>Search the log</source>
        <translation>Protokoll durchsuchen</translation>
    </message>
    <message>
        <source>Save the log</source>
        <translation>Protokoll speichern</translation>
    </message>
    <message>
        <source>Log</source>
        <translation>Protokoll</translation>
    </message>
    <message>
        <source>live</source>
        <translation>live</translation>
    </message>
</context>
<context>
    <name>LogsPage</name>
    <message>
        <source>Save …</source>
        <translation>Speichern …</translation>
    </message>
    <message>
        <source>Search messages</source>
        <translation>Meldungen durchsuchen</translation>
    </message>
    <message>
        <source>Save all lines that match the filters</source>
        <translation>Alle Zeilen speichern, die den Filtern entsprechen</translation>
    </message>
    <message>
        <source>Debug</source>
        <translation>Debug</translation>
    </message>
    <message>
        <source>Info</source>
        <translation>Info</translation>
    </message>
    <message>
        <source>Warnings</source>
        <translation>Warnungen</translation>
    </message>
    <message>
        <source>Errors</source>
        <translation>Fehler</translation>
    </message>
    <message>
        <source>Show this level and above</source>
        <translation>Ab dieser Stufe anzeigen</translation>
    </message>
    <message>
        <source>All nodes</source>
        <translation>Alle Knoten</translation>
    </message>
    <message>
        <source>{0} nodes</source>
        <translation>{0} Knoten</translation>
    </message>
    <message>
        <source>No node</source>
        <translation>Kein Knoten</translation>
    </message>
    <message>
        <source>All topics</source>
        <translation>Alle Themen</translation>
    </message>
    <message>
        <source>{0} topics</source>
        <translation>{0} Themen</translation>
    </message>
    <message>
        <source>No topic</source>
        <translation>Kein Thema</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>Kopieren</translation>
    </message>
    <message>
        <source>No lines match these filters.</source>
        <translation>Keine Zeile entspricht diesen Filtern.</translation>
    </message>
    <message>
        <source>Full text of the selected line</source>
        <translation>Vollständiger Text der ausgewählten Zeile</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>Fortsetzen</translation>
    </message>
    <message>
        <source>Paused. New lines appear when you resume.</source>
        <translation>Pausiert. Neue Zeilen erscheinen beim Fortsetzen.</translation>
    </message>
    <message>
        <source>Not following. Scroll to the end to follow again.</source>
        <translation>Die Anzeige folgt neuen Zeilen nicht. Scrollen Sie ans Ende, um wieder zu folgen.</translation>
    </message>
    <message>
        <source>Saved {0} lines.</source>
        <translation>{0} Zeilen gespeichert.</translation>
    </message>
    <message>
        <source>Can&apos;t save the log: {0}.</source>
        <translation>Das Protokoll konnte nicht gespeichert werden: {0}.</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>Pausieren</translation>
    </message>
    <message>
        <source>Live from every node</source>
        <translation>Live von allen Knoten</translation>
    </message>
    <message>
        <source>Save the log</source>
        <translation>Protokoll speichern</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>Choose files to queue</source>
        <translation>Dateien zum Einreihen auswählen</translation>
    </message>
</context>
<context>
    <name>MessageBar</name>
    <message>
        <source>Dismiss message</source>
        <translation>Meldung ausblenden</translation>
    </message>
    <message>
        <source>Dismiss</source>
        <translation>Ausblenden</translation>
    </message>
</context>
<context>
    <name>NodeActions</name>
    <message>
        <source>Control {0}</source>
        <translation>{0} steuern</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <source>Show log</source>
        <translation>Protokoll anzeigen</translation>
    </message>
    <message>
        <source>Copy details</source>
        <translation>Details kopieren</translation>
    </message>
    <message>
        <source>Resume: take tasks again</source>
        <translation>Fortsetzen: wieder Aufgaben annehmen</translation>
    </message>
    <message>
        <source>Pause: take no new tasks</source>
        <translation>Pausieren: keine neuen Aufgaben annehmen</translation>
    </message>
    <message>
        <source>Drain: finish running tasks, then leave</source>
        <translation>Auslaufen lassen: laufende Aufgaben abschließen, dann Cluster verlassen</translation>
    </message>
    <message>
        <source>Set slots …</source>
        <translation>Plätze festlegen …</translation>
    </message>
    <message>
        <source>Requeue its tasks now</source>
        <translation>Aufgaben des Knotens jetzt wieder einreihen</translation>
    </message>
    <message>
        <source>1 task of {0} is back in the queue.</source>
        <translation>1 Aufgabe von {0} ist wieder in der Warteschlange.</translation>
    </message>
    <message>
        <source>{0} tasks of {1} are back in the queue.</source>
        <translation>{0} Aufgaben von {1} sind wieder in der Warteschlange.</translation>
    </message>
    <message>
        <source>Other nodes take them as soon as they have a free slot.</source>
        <translation>Andere Knoten übernehmen sie, sobald dort ein Platz frei ist.</translation>
    </message>
</context>
<context>
    <name>NodeBanner</name>
    <message>
        <source>Dismiss</source>
        <translation>Ausblenden</translation>
    </message>
    <message>
        <source>Dismiss message</source>
        <translation>Meldung ausblenden</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <source>Remove this node from the list. It rejoins when it is started again.</source>
        <translation>Entfernt diesen Knoten aus der Liste. Er tritt wieder bei, sobald er gestartet wird.</translation>
    </message>
    <message>
        <source>Requeue now</source>
        <translation>Jetzt wieder einreihen</translation>
    </message>
    <message>
        <source>Put its tasks back in the queue now. The node rejoins if it is still running.</source>
        <translation>Reiht die Aufgaben des Knotens sofort wieder ein. Falls er noch läuft, tritt er wieder bei.</translation>
    </message>
</context>
<context>
    <name>NodeCardsView</name>
    <message>
        <source>Nodes as cards</source>
        <translation>Knoten als Karten</translation>
    </message>
</context>
<context>
    <name>NodeControls</name>
    <message>
        <source>Tasks at once</source>
        <translation>Gleichzeitige Aufgaben</translation>
    </message>
    <message>
        <source>Leave when finished</source>
        <translation>Nach Abschluss verlassen</translation>
    </message>
    <message>
        <source>Finish running tasks, take no new ones, then leave the cluster.</source>
        <translation>Laufende Aufgaben abschließen, keine neuen annehmen und dann den Cluster verlassen.</translation>
    </message>
    <message>
        <source>Work on the queue</source>
        <translation>An der Warteschlange arbeiten</translation>
    </message>
    <message>
        <source>Resume this computer</source>
        <translation>Auf diesem Computer fortsetzen</translation>
    </message>
    <message>
        <source>Pause this computer</source>
        <translation>Auf diesem Computer pausieren</translation>
    </message>
</context>
<context>
    <name>NodePanel</name>
    <message>
        <source>Control this computer</source>
        <translation>Diesen Computer steuern</translation>
    </message>
    <message>
        <source>{0} of {1} slots</source>
        <translation>{0}/{1} Plätze</translation>
    </message>
    <message>
        <source>This computer</source>
        <translation>Dieser Computer</translation>
    </message>
    <message>
        <source>Starting …</source>
        <translation>Startet …</translation>
    </message>
    <message>
        <source>Joining …</source>
        <translation>Tritt bei …</translation>
    </message>
    <message>
        <source>Not working on the queue</source>
        <translation>Arbeitet nicht an der Warteschlange</translation>
    </message>
    <message>
        <source>Finishing tasks, then leaving</source>
        <translation>Schließt Aufgaben ab</translation>
    </message>
    <message>
        <source>Paused: takes no new tasks</source>
        <translation>Pausiert</translation>
    </message>
    <message>
        <source>Accepting tasks</source>
        <translation>Nimmt Aufgaben an</translation>
    </message>
</context>
<context>
    <name>NodeRowDelegate</name>
    <message>
        <source>This computer</source>
        <translation>Dieser Computer</translation>
    </message>
</context>
<context>
    <name>NodeSection</name>
    <message>
        <source>This computer</source>
        <translation>Dieser Computer</translation>
    </message>
    <message>
        <source>How this computer works in the cluster. Others see this too.</source>
        <translation>Wie dieser Computer im Cluster arbeitet. Andere sehen das auch.</translation>
    </message>
    <message>
        <source>Tasks at once</source>
        <translation>Gleichzeitige Aufgaben</translation>
    </message>
    <message>
        <source>None</source>
        <translation>Keine</translation>
    </message>
    <message>
        <source>Low: other programs go first</source>
        <translation>Niedrig: Andere Programme haben Vorrang</translation>
    </message>
    <message>
        <source>Normal: encodes get an equal share</source>
        <translation>Normal: gleicher Anteil wie andere Programme</translation>
    </message>
    <message>
        <source>From PATH, else the one bundled with FFmate Desktop</source>
        <translation>Aus PATH, sonst das mitgelieferte ffmpeg</translation>
    </message>
    <message>
        <source>Choose …</source>
        <translation>Auswählen …</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>Each computer in a cluster needs its own name.</source>
        <translation>Jeder Computer eines Clusters braucht einen eigenen Namen.</translation>
    </message>
    <message>
        <source>This computer has {0} cores. About half as many tasks work well.</source>
        <translation>Dieser Computer hat {0} Kerne. Etwa halb so viele Aufgaben sind sinnvoll.</translation>
    </message>
    <message>
        <source>Labels</source>
        <translation>Labels</translation>
    </message>
    <message>
        <source>Words that tasks can require, such as gpu or storage:media. Separate them with spaces.</source>
        <translation>Wörter, die Aufgaben verlangen können, etwa gpu oder storage:media. Trennen Sie sie mit Leerzeichen.</translation>
    </message>
    <message>
        <source>Encode priority</source>
        <translation>Priorität beim Kodieren</translation>
    </message>
    <message>
        <source>ffmpeg</source>
        <translation>ffmpeg</translation>
    </message>
    <message>
        <source>Checking …</source>
        <translation>Wird geprüft …</translation>
    </message>
    <message>
        <source>Leave it empty to let FFmate Desktop find one.</source>
        <translation>Lassen Sie das Feld leer, dann sucht FFmate Desktop selbst eines.</translation>
    </message>
    <message>
        <source>Version {0}, {1}</source>
        <translation>Version {0}, {1}</translation>
    </message>
    <message>
        <source>Choose an ffmpeg program</source>
        <translation>ffmpeg-Programm auswählen</translation>
    </message>
</context>
<context>
    <name>NodesPage</name>
    <message>
        <source>Cards</source>
        <translation>Karten</translation>
    </message>
    <message>
        <source>Table</source>
        <translation>Tabelle</translation>
    </message>
    <message>
        <source>Cards or table</source>
        <translation>Karten oder Tabelle</translation>
    </message>
    <message>
        <source>Add a node</source>
        <translation>Knoten hinzufügen</translation>
    </message>
    <message>
        <source>Can&apos;t reach the database. Showing the last known state.</source>
        <translation>Die Datenbank ist nicht erreichbar. Angezeigt wird der letzte bekannte Stand.</translation>
    </message>
    <message>
        <source>{0} online</source>
        <translation>{0} online</translation>
    </message>
    <message>
        <source>{0} paused</source>
        <translation>{0} pausiert</translation>
    </message>
    <message>
        <source>{0} draining</source>
        <translation>{0} auslaufend</translation>
    </message>
    <message>
        <source>{0} late</source>
        <translation>{0} überfällig</translation>
    </message>
    <message>
        <source>{0} lost</source>
        <translation>{0} ausgefallen</translation>
    </message>
    <message>
        <source>{0} of {1} slots busy</source>
        <translation>{0} von {1} Plätzen belegt</translation>
    </message>
</context>
<context>
    <name>NodesTable</name>
    <message>
        <source>Nodes as a table</source>
        <translation>Knoten als Tabelle</translation>
    </message>
</context>
<context>
    <name>NoticeSection</name>
    <message>
        <source>Notifications</source>
        <translation>Benachrichtigungen</translation>
    </message>
    <message>
        <source>Shown on your desktop while the window isn&apos;t visible.</source>
        <translation>Erscheinen auf Ihrem Desktop, während das Fenster nicht zu sehen ist.</translation>
    </message>
    <message>
        <source>Show notifications</source>
        <translation>Benachrichtigungen anzeigen</translation>
    </message>
    <message>
        <source>A batch finished</source>
        <translation>Ein Stapel ist fertig</translation>
    </message>
    <message>
        <source>A task failed</source>
        <translation>Eine Aufgabe ist fehlgeschlagen</translation>
    </message>
    <message>
        <source>A node was lost</source>
        <translation>Ein Knoten ist ausgefallen</translation>
    </message>
    <message>
        <source>This desktop has no tray for program icons, so no notifications are shown.</source>
        <translation>Dieser Desktop hat keinen Bereich für Programmsymbole, daher erscheinen keine Benachrichtigungen.</translation>
    </message>
</context>
<context>
    <name>Notifier</name>
    <message>
        <source>Running tasks go back to the queue.</source>
        <translation>Laufende Aufgaben kommen zurück in die Warteschlange.</translation>
    </message>
    <message>
        <source>Node “{0}” was lost.</source>
        <translation>Knoten „{0}“ ist ausgefallen.</translation>
    </message>
    <message>
        <source>{0} nodes were lost.</source>
        <translation>{0} Knoten sind ausgefallen.</translation>
    </message>
    <message>
        <source>“{0}” failed.</source>
        <translation>„{0}“ ist fehlgeschlagen.</translation>
    </message>
    <message>
        <source>At least {0} tasks failed.</source>
        <translation>Mindestens {0} Aufgaben sind fehlgeschlagen.</translation>
    </message>
    <message>
        <source>{0} tasks failed.</source>
        <translation>{0} Aufgaben sind fehlgeschlagen.</translation>
    </message>
    <message>
        <source>{0} of {1} tasks succeeded.</source>
        <translation>{0} von {1} Aufgaben waren erfolgreich.</translation>
    </message>
    <message>
        <source>A batch of {0} tasks finished.</source>
        <translation>Ein Stapel mit {0} Aufgaben ist fertig.</translation>
    </message>
    <message>
        <source>{0} batches finished.</source>
        <translation>{0} Stapel sind fertig.</translation>
    </message>
</context>
<context>
    <name>OrderButton</name>
    <message>
        <source>Task order</source>
        <translation>Reihenfolge der Aufgaben</translation>
    </message>
    <message>
        <source>Newest first</source>
        <translation>Neueste zuerst</translation>
    </message>
    <message>
        <source>Oldest first</source>
        <translation>Älteste zuerst</translation>
    </message>
    <message>
        <source>Next to run first</source>
        <translation>In Ausführungsreihenfolge</translation>
    </message>
    <message>
        <source>Last to run first</source>
        <translation>Umgekehrte Ausführungsreihenfolge</translation>
    </message>
    <message>
        <source>Recently finished first</source>
        <translation>Zuletzt beendete zuerst</translation>
    </message>
    <message>
        <source>Finished longest ago first</source>
        <translation>Am frühesten beendete zuerst</translation>
    </message>
    <message>
        <source>Name, A to Z</source>
        <translation>Name, A bis Z</translation>
    </message>
    <message>
        <source>Name, Z to A</source>
        <translation>Name, Z bis A</translation>
    </message>
</context>
<context>
    <name>OriginalField</name>
    <message>
        <source>Leave it</source>
        <translation>Belassen</translation>
    </message>
    <message>
        <source>Move it</source>
        <translation>Verschieben</translation>
    </message>
    <message>
        <source>Move to trash</source>
        <translation>In den Papierkorb</translation>
    </message>
    <message>
        <source>Destination folder, for example: done</source>
        <translation>Zielordner, zum Beispiel: fertig</translation>
    </message>
    <message>
        <source>Folder for originals</source>
        <translation>Ordner für Originale</translation>
    </message>
    <message>
        <source>The original is moved once its output is in place and verified.</source>
        <translation>Das Original wird verschoben, sobald die Ausgabe fertig und geprüft ist.</translation>
    </message>
    <message>
        <source>The original is moved after the last attempt has failed.</source>
        <translation>Das Original wird verschoben, wenn der letzte Versuch fehlgeschlagen ist.</translation>
    </message>
    <message>
        <source>The original is moved to the trash of the scanning computer once its output is in place and verified.</source>
        <translation>Das Original kommt in den Papierkorb des Computers, der den Ordner scannt, sobald die Ausgabe fertig und geprüft ist.</translation>
    </message>
</context>
<context>
    <name>OriginalsForm</name>
    <message>
        <source>After success</source>
        <translation>Nach Erfolg</translation>
    </message>
    <message>
        <source>After failure</source>
        <translation>Nach Fehler</translation>
    </message>
    <message>
        <source>Retries after a failure</source>
        <translation>Wiederholungen nach einem Fehler</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keine</translation>
    </message>
    <message>
        <source>Retries</source>
        <translation>Wiederholungen</translation>
    </message>
</context>
<context>
    <name>OutputFields</name>
    <message>
        <source>Next to each file</source>
        <translation>Neben der jeweiligen Datei</translation>
    </message>
    <message>
        <source>Choose …</source>
        <translation>Auswählen …</translation>
    </message>
    <message>
        <source>Choose output folder</source>
        <translation>Ausgabeordner auswählen</translation>
    </message>
    <message>
        <source>Add a number</source>
        <translation>Nummer anhängen</translation>
    </message>
    <message>
        <source>Replace the file</source>
        <translation>Datei ersetzen</translation>
    </message>
    <message>
        <source>Skip the file</source>
        <translation>Datei überspringen</translation>
    </message>
    <message>
        <source>If the name is taken</source>
        <translation>Falls der Name vergeben ist</translation>
    </message>
    <message>
        <source>Higher numbers run first</source>
        <translation>Höhere Zahlen werden zuerst ausgeführt</translation>
    </message>
    <message>
        <source>Any node</source>
        <translation>Jeder Knoten</translation>
    </message>
    <message>
        <source>Labels a node must have, such as gpu or storage:media</source>
        <translation>Labels, die ein Knoten haben muss, etwa gpu oder storage:media</translation>
    </message>
    <message>
        <source>Labels</source>
        <translation>Labels</translation>
    </message>
    <message>
        <source>Save to</source>
        <translation>Speichern in</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>If taken</source>
        <translation>Falls vergeben</translation>
    </message>
    <message>
        <source>Priority</source>
        <translation>Priorität</translation>
    </message>
    <message>
        <source>No output file</source>
        <translation>Keine Ausgabedatei</translation>
    </message>
    <message>
        <source>{0} (preset)</source>
        <translation>{0} (Vorgabe)</translation>
    </message>
</context>
<context>
    <name>Pages</name>
    <message>
        <source>Queue</source>
        <translation>Warteschlange</translation>
    </message>
    <message>
        <source>Watchfolders</source>
        <translation>Überwachte Ordner</translation>
    </message>
    <message>
        <source>Presets</source>
        <translation>Voreinstellungen</translation>
    </message>
    <message>
        <source>Nodes</source>
        <translation>Knoten</translation>
    </message>
    <message>
        <source>Logs</source>
        <translation>Protokolle</translation>
    </message>
</context>
<context>
    <name>PresetForm</name>
    <message>
        <source>Higher numbers run first</source>
        <translation>Höhere Zahlen werden zuerst ausgeführt</translation>
    </message>
    <message>
        <source>Any node</source>
        <translation>Jeder Knoten</translation>
    </message>
    <message>
        <source>Labels a node must have, such as gpu or storage:media</source>
        <translation>Labels, die ein Knoten haben muss, etwa gpu oder storage:media</translation>
    </message>
    <message>
        <source>Encode</source>
        <translation>Kodierung</translation>
    </message>
    <message>
        <source>Scripts</source>
        <translation>Skripte</translation>
    </message>
    <message>
        <source>Parts of the preset</source>
        <translation>Bereiche der Voreinstellung</translation>
    </message>
    <message>
        <source>Labels</source>
        <translation>Labels</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>Beschreibung</translation>
    </message>
    <message>
        <source>Command</source>
        <translation>Befehl</translation>
    </message>
    <message>
        <source>Output</source>
        <translation>Ausgabe</translation>
    </message>
    <message>
        <source>Priority</source>
        <translation>Priorität</translation>
    </message>
    <message>
        <source>This preset has no output file.</source>
        <translation>Diese Voreinstellung hat keine Ausgabedatei.</translation>
    </message>
    <message>
        <source>{0} becomes {1}</source>
        <translation>{0} → {1}</translation>
    </message>
</context>
<context>
    <name>PresetList</name>
    <message>
        <source>Search presets</source>
        <translation>Voreinstellungen durchsuchen</translation>
    </message>
    <message>
        <source>Presets</source>
        <translation>Voreinstellungen</translation>
    </message>
</context>
<context>
    <name>PresetModel</name>
    <message>
        <source>Your presets</source>
        <translation>Eigene</translation>
    </message>
</context>
<context>
    <name>PresetTestDialog</name>
    <message>
        <source>Test preset</source>
        <translation>Voreinstellung testen</translation>
    </message>
    <message>
        <source>Testing “{0}” …</source>
        <translation>„{0}“ wird getestet …</translation>
    </message>
    <message>
        <source>Encoding the first 2 seconds of your file to a temporary folder.</source>
        <translation>Die ersten 2 Sekunden Ihrer Datei werden in einen temporären Ordner kodiert.</translation>
    </message>
    <message>
        <source>A frame of the result</source>
        <translation>Ein Einzelbild des Ergebnisses</translation>
    </message>
    <message>
        <source>ffmpeg output</source>
        <translation>Ausgabe von ffmpeg</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>Öffnen</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>It works.</source>
        <translation>Es funktioniert.</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
</context>
<context>
    <name>PresetsPage</name>
    <message>
        <source>Import …</source>
        <translation>Importieren …</translation>
    </message>
    <message>
        <source>New preset</source>
        <translation>Neue Voreinstellung</translation>
    </message>
    <message>
        <source>Test …</source>
        <translation>Testen …</translation>
    </message>
    <message>
        <source>Duplicate</source>
        <translation>Duplizieren</translation>
    </message>
    <message>
        <source>Export …</source>
        <translation>Exportieren …</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Löschen</translation>
    </message>
    <message>
        <source>Revert</source>
        <translation>Verwerfen</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>Speichern</translation>
    </message>
    <message>
        <source>Reusable encoding settings</source>
        <translation>Wiederverwendbare Einstellungen für die Kodierung</translation>
    </message>
    <message>
        <source>A preset without a name has unsaved changes.</source>
        <translation>Eine Voreinstellung ohne Namen enthält nicht gespeicherte Änderungen.</translation>
    </message>
    <message>
        <source>The preset “{0}” has unsaved changes.</source>
        <translation>Die Voreinstellung „{0}“ enthält nicht gespeicherte Änderungen.</translation>
    </message>
    <message>
        <source>This preset comes with FFmate Desktop. Duplicate it to make your own.</source>
        <translation>Diese Voreinstellung gehört zu FFmate Desktop. Duplizieren Sie sie, um eine eigene zu erstellen.</translation>
    </message>
    <message>
        <source>New preset.</source>
        <translation>Neue Voreinstellung.</translation>
    </message>
    <message>
        <source>Not saved. Tasks already in the queue keep the old command.</source>
        <translation>Nicht gespeichert. Bereits eingereihte Aufgaben behalten den alten Befehl.</translation>
    </message>
    <message>
        <source>Your preset. Everyone in this cluster can use it.</source>
        <translation>Ihre Voreinstellung, nutzbar für alle im Cluster.</translation>
    </message>
    <message>
        <source>Delete “{0}”?</source>
        <translation>„{0}“ löschen?</translation>
    </message>
    <message>
        <source>Tasks created from it keep their command.</source>
        <translation>Damit erstellte Aufgaben behalten ihren Befehl.</translation>
    </message>
    <message>
        <source>These watchfolders use it and queue no new files until you choose another preset: {0}</source>
        <translation>Diese überwachten Ordner verwenden sie und reihen keine neuen Dateien ein, bis Sie eine andere wählen: {0}</translation>
    </message>
    <message>
        <source>Choose a file to test with</source>
        <translation>Datei zum Testen auswählen</translation>
    </message>
    <message>
        <source>Presets (*.json)</source>
        <translation>Voreinstellungen (*.json)</translation>
    </message>
    <message>
        <source>Import presets</source>
        <translation>Voreinstellungen importieren</translation>
    </message>
    <message>
        <source>Can&apos;t read the file “{0}”.</source>
        <translation>Die Datei „{0}“ kann nicht gelesen werden.</translation>
    </message>
    <message>
        <source>Imported {0}.</source>
        <translation>Importiert: {0}.</translation>
    </message>
    <message>
        <source>Export preset</source>
        <translation>Voreinstellung exportieren</translation>
    </message>
    <message>
        <source>Can&apos;t write the file “{0}”.</source>
        <translation>Die Datei „{0}“ kann nicht geschrieben werden.</translation>
    </message>
    <message>
        <source>Exported “{0}”.</source>
        <translation>„{0}“ exportiert.</translation>
    </message>
</context>
<context>
    <name>PreviewCard</name>
    <message>
        <source>Files and their outputs</source>
        <translation>Dateien und ihre Ausgaben</translation>
    </message>
</context>
<context>
    <name>PreviewDelegate</name>
    <message>
        <source>No output, or a name that the node chooses.</source>
        <translation>Keine Ausgabe, oder der Knoten bestimmt den Namen.</translation>
    </message>
</context>
<context>
    <name>Program</name>
    <message>
        <source>FFmate Desktop quits once the running tasks finish.</source>
        <translation>FFmate Desktop wird beendet, sobald die laufenden Aufgaben fertig sind.</translation>
    </message>
    <message>
        <source>Until then, this computer takes no new tasks.</source>
        <translation>Bis dahin nimmt dieser Computer keine neuen Aufgaben an.</translation>
    </message>
    <message>
        <source>Keep running</source>
        <translation>Nicht beenden</translation>
    </message>
    <message>
        <source>Stopping once the running tasks finish</source>
        <translation>Wird beendet, sobald die laufenden Aufgaben fertig sind</translation>
    </message>
    <message>
        <source>Tasks that don&apos;t finish in time go back to the queue.</source>
        <translation>Aufgaben, die nicht rechtzeitig fertig werden, kommen zurück in die Warteschlange.</translation>
    </message>
    <message>
        <source>Can&apos;t reach the database right now.</source>
        <translation>Die Datenbank ist gerade nicht erreichbar.</translation>
    </message>
    <message>
        <source>Can&apos;t open the queue.</source>
        <translation>Die Warteschlange lässt sich nicht öffnen.</translation>
    </message>
    <message>
        <source>No queue</source>
        <translation>Keine Warteschlange</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Erneut versuchen</translation>
    </message>
    <message>
        <source>Opening the queue …</source>
        <translation>Warteschlange wird geöffnet …</translation>
    </message>
    <message>
        <source>Stopping …</source>
        <translation>Wird beendet …</translation>
    </message>
    <message>
        <source>Switching …</source>
        <translation>Wird gewechselt …</translation>
    </message>
</context>
<context>
    <name>QueueActions</name>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>Pausieren</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>Fortsetzen</translation>
    </message>
    <message>
        <source>Restart</source>
        <translation>Neu starten</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Löschen</translation>
    </message>
    <message>
        <source>Edit</source>
        <translation>Bearbeiten</translation>
    </message>
    <message>
        <source>Duplicate</source>
        <translation>Duplizieren</translation>
    </message>
    <message>
        <source>Open output</source>
        <translation>Ausgabe öffnen</translation>
    </message>
    <message>
        <source>Show in folder</source>
        <translation>Im Ordner anzeigen</translation>
    </message>
    <message>
        <source>Copy command</source>
        <translation>Befehl kopieren</translation>
    </message>
    <message>
        <source>Move to top</source>
        <translation>Ganz nach oben</translation>
    </message>
    <message>
        <source>Move up</source>
        <translation>Nach oben</translation>
    </message>
    <message>
        <source>Move down</source>
        <translation>Nach unten</translation>
    </message>
    <message>
        <source>Move to end</source>
        <translation>Ans Ende</translation>
    </message>
    <message>
        <source>Priority</source>
        <translation>Priorität</translation>
    </message>
    <message>
        <source>Only tasks of {0}</source>
        <translation>Nur Aufgaben von {0}</translation>
    </message>
    <message>
        <source>Only tasks of this batch</source>
        <translation>Nur Aufgaben dieses Stapels</translation>
    </message>
    <message>
        <source>Running tasks that will be stopped: {0}.</source>
        <translation>Laufende Aufgaben, die gestoppt werden: {0}.</translation>
    </message>
    <message>
        <source>Finished output files are kept.</source>
        <translation>Fertige Ausgabedateien bleiben erhalten.</translation>
    </message>
    <message>
        <source>Running tasks will be stopped. Finished output files are kept.</source>
        <translation>Laufende Aufgaben werden gestoppt. Fertige Ausgabedateien bleiben erhalten.</translation>
    </message>
    <message>
        <source>Delete this task?</source>
        <translation>Diese Aufgabe löschen?</translation>
    </message>
    <message>
        <source>Delete {0} tasks?</source>
        <translation>{0} Aufgaben löschen?</translation>
    </message>
    <message>
        <source>Stop and delete</source>
        <translation>Stoppen und löschen</translation>
    </message>
    <message>
        <source>This file isn&apos;t on this computer.</source>
        <translation>Diese Datei ist nicht auf diesem Computer.</translation>
    </message>
</context>
<context>
    <name>QueueFilters</name>
    <message>
        <source>There are too many tasks to sort by this column.</source>
        <translation>Für eine Sortierung nach dieser Spalte sind es zu viele Aufgaben.</translation>
    </message>
    <message>
        <source>Filter them first, for example by status.</source>
        <translation>Filtern Sie zuerst, zum Beispiel nach Status.</translation>
    </message>
</context>
<context>
    <name>QueueGrouping</name>
    <message>
        <source>Batches</source>
        <translation>Stapel</translation>
    </message>
    <message>
        <source>Group tasks by batch and show the progress of each batch</source>
        <translation>Aufgaben nach Stapeln gruppieren, mit dem Fortschritt jedes Stapels</translation>
    </message>
    <message>
        <source>Group tasks by batch</source>
        <translation>Aufgaben nach Stapeln gruppieren</translation>
    </message>
</context>
<context>
    <name>QueuePage</name>
    <message>
        <source>Search name, path or preset</source>
        <translation>Name, Pfad oder Voreinstellung suchen</translation>
    </message>
    <message>
        <source>Search the queue</source>
        <translation>Warteschlange durchsuchen</translation>
    </message>
    <message>
        <source>New task</source>
        <translation>Neue Aufgabe</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>Fortsetzen</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>Pausieren</translation>
    </message>
    <message>
        <source>Take tasks on this computer again</source>
        <translation>Auf diesem Computer wieder Aufgaben annehmen</translation>
    </message>
    <message>
        <source>Take no new tasks on this computer. Running tasks continue.</source>
        <translation>Auf diesem Computer keine neuen Aufgaben annehmen. Laufende Aufgaben werden fortgesetzt.</translation>
    </message>
    <message>
        <source>No tasks match this filter.</source>
        <translation>Keine Aufgabe entspricht diesem Filter.</translation>
    </message>
    <message>
        <source>Drop files here to start</source>
        <translation>Dateien hierher ziehen, um zu beginnen</translation>
    </message>
    <message>
        <source>Drag video or audio onto this window, or choose files. Every node in your cluster helps encode them.</source>
        <translation>Ziehen Sie Video oder Audio auf dieses Fenster, oder wählen Sie Dateien aus. Alle Knoten im Cluster helfen beim Kodieren.</translation>
    </message>
    <message>
        <source>Choose files</source>
        <translation>Dateien auswählen</translation>
    </message>
</context>
<context>
    <name>QueueTableView</name>
    <message>
        <source>Tasks</source>
        <translation>Aufgaben</translation>
    </message>
    <message>
        <source>{0} (no space)</source>
        <translation>{0} (kein Platz)</translation>
    </message>
</context>
<context>
    <name>QueueToolbar</name>
    <message>
        <source>All</source>
        <translation>Alle</translation>
    </message>
    <message>
        <source>Running</source>
        <translation>Läuft</translation>
    </message>
    <message>
        <source>Queued</source>
        <translation>Wartet</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>Fehlgeschlagen</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>Fertig</translation>
    </message>
    <message>
        <source>Cancelled</source>
        <translation>Abgebrochen</translation>
    </message>
    <message>
        <source>Filter by status</source>
        <translation>Nach Status filtern</translation>
    </message>
    <message>
        <source>Clear the node or batch filter</source>
        <translation>Filter nach Knoten oder Stapel aufheben</translation>
    </message>
    <message>
        <source>Filter by node or batch</source>
        <translation>Nach Knoten oder Stapel filtern</translation>
    </message>
    <message>
        <source>Choose columns</source>
        <translation>Spalten auswählen</translation>
    </message>
    <message>
        <source>Node: {0}</source>
        <translation>Knoten: {0}</translation>
    </message>
    <message>
        <source>Single tasks</source>
        <translation>Einzelne Aufgaben</translation>
    </message>
    <message>
        <source>One batch</source>
        <translation>Ein Stapel</translation>
    </message>
    <message>
        <source>All nodes and batches</source>
        <translation>Alle Knoten und Stapel</translation>
    </message>
    <message>
        <source>Nodes</source>
        <translation>Knoten</translation>
    </message>
    <message>
        <source>Newest batches</source>
        <translation>Neueste Stapel</translation>
    </message>
</context>
<context>
    <name>RestartQuestion</name>
    <message>
        <source>Change settings</source>
        <translation>Einstellungen ändern</translation>
    </message>
    <message>
        <source>A task is running on this computer</source>
        <translation>Auf diesem Computer läuft eine Aufgabe</translation>
    </message>
    <message>
        <source>{0} tasks are running on this computer</source>
        <translation>Auf diesem Computer laufen {0} Aufgaben</translation>
    </message>
    <message>
        <source>With the new settings it leaves this queue. What should happen first?</source>
        <translation>Mit den neuen Einstellungen verlässt er diese Warteschlange. Was soll vorher geschehen?</translation>
    </message>
    <message>
        <source>With the new settings its node has to restart. What should happen first?</source>
        <translation>Mit den neuen Einstellungen muss sein Knoten neu starten. Was soll vorher geschehen?</translation>
    </message>
    <message>
        <source>Finish running tasks, then change</source>
        <translation>Laufende Aufgaben abschließen, dann ändern</translation>
    </message>
    <message>
        <source>Return tasks to the queue and change now</source>
        <translation>Aufgaben in die Warteschlange zurückgeben und sofort ändern</translation>
    </message>
    <message>
        <source>Keep current settings</source>
        <translation>Aktuelle Einstellungen behalten</translation>
    </message>
</context>
<context>
    <name>RetentionSection</name>
    <message>
        <source>Logs and history</source>
        <translation>Protokolle und Verlauf</translation>
    </message>
    <message>
        <source>How long log files and finished tasks are kept. The oldest are removed first.</source>
        <translation>Wie lange Protokolldateien und fertige Aufgaben aufbewahrt werden. Die ältesten werden zuerst entfernt.</translation>
    </message>
    <message>
        <source>Keep task logs (days)</source>
        <translation>Aufgabenprotokolle aufbewahren (Tage)</translation>
    </message>
    <message>
        <source>Maximum number of log files</source>
        <translation>Höchstzahl der Protokolldateien</translation>
    </message>
    <message>
        <source>Keep finished tasks (days)</source>
        <translation>Fertige Aufgaben aufbewahren (Tage)</translation>
    </message>
    <message>
        <source>Removes tasks and their logs from the queue, for every computer. Output files stay.</source>
        <translation>Entfernt Aufgaben und ihre Protokolle für alle Computer aus der Warteschlange. Ausgabedateien bleiben erhalten.</translation>
    </message>
    <message>
        <source>Maximum number of finished tasks</source>
        <translation>Höchstzahl fertiger Aufgaben</translation>
    </message>
    <message>
        <source>No limit</source>
        <translation>Unbegrenzt</translation>
    </message>
    <message numerus="yes">
        <source>%n log files on this computer take {0}.</source>
        <translation>
            <numerusform>%n Protokolldatei auf diesem Computer belegt {0}.</numerusform>
            <numerusform>%n Protokolldateien auf diesem Computer belegen {0}.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n finished tasks are in the queue. Its database takes {0}.</source>
        <translation>
            <numerusform>%n fertige Aufgabe ist in der Warteschlange. Ihre Datenbank belegt {0}.</numerusform>
            <numerusform>%n fertige Aufgaben sind in der Warteschlange. Ihre Datenbank belegt {0}.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ScriptFields</name>
    <message>
        <source>Script before</source>
        <translation>Skript vorher</translation>
    </message>
    <message>
        <source>Sidecar before</source>
        <translation>Sidecar vorher</translation>
    </message>
    <message>
        <source>Apply the changes the script makes to the sidecar</source>
        <translation>Änderungen am Sidecar übernehmen</translation>
    </message>
    <message>
        <source>Command, input, output, metadata, and the script after the encode</source>
        <translation>Befehl, Eingabe, Ausgabe, Metadaten und das Skript nach der Kodierung</translation>
    </message>
    <message>
        <source>Script after</source>
        <translation>Skript nachher</translation>
    </message>
    <message>
        <source>Sidecar after</source>
        <translation>Sidecar nachher</translation>
    </message>
    <message>
        <source>The full path of a script on the nodes, followed by its arguments. No shell is involved. If a script fails, the task fails. A node runs only scripts that its owner has allowed.</source>
        <translation>Der vollständige Pfad eines Skripts auf den Knoten, gefolgt von seinen Argumenten, ohne Shell. Schlägt ein Skript fehl, schlägt die Aufgabe fehl. Ein Knoten führt nur Skripte aus, die sein Besitzer erlaubt hat.</translation>
    </message>
    <message>
        <source>A temporary file unless you enter a path</source>
        <translation>Eine temporäre Datei, sofern Sie keinen Pfad angeben</translation>
    </message>
    <message>
        <source>A JSON file with the task. Its path is ${SIDECAR_FILE}.</source>
        <translation>Eine JSON-Datei mit der Aufgabe. Ihr Pfad ist ${SIDECAR_FILE}.</translation>
    </message>
</context>
<context>
    <name>ScriptQuestion</name>
    <message>
        <source>A task wants to run the script “{0}” on this computer.</source>
        <translation>Eine Aufgabe möchte das Skript „{0}“ auf diesem Computer ausführen.</translation>
    </message>
    <message>
        <source>Allow …</source>
        <translation>Erlauben …</translation>
    </message>
    <message>
        <source>Scripts in “{0}” aren&apos;t allowed here. Other computers might run the task.</source>
        <translation>Skripte in „{0}“ sind hier nicht erlaubt. Vielleicht kann ein anderer Computer die Aufgabe ausführen.</translation>
    </message>
    <message>
        <source>Only tasks from this computer run here.</source>
        <translation>Hier laufen nur Aufgaben von diesem Computer.</translation>
    </message>
    <message>
        <source>Anyone who can write to the queue&apos;s database can queue tasks.</source>
        <translation>Wer Schreibzugriff auf die Datenbank der Warteschlange hat, kann Aufgaben einreihen.</translation>
    </message>
    <message>
        <source>Tasks can then start any program in this folder, with any arguments and all the rights of your account. Allow only a folder that contains nothing but scripts for tasks, and that only you can change.</source>
        <translation>Aufgaben können dann jedes Programm in diesem Ordner starten, mit beliebigen Argumenten und allen Rechten Ihres Kontos. Erlauben Sie nur einen Ordner, der ausschließlich Skripte für Aufgaben enthält und den nur Sie ändern können.</translation>
    </message>
    <message>
        <source>Run scripts from “{0}” on this computer?</source>
        <translation>Skripte aus „{0}“ auf diesem Computer ausführen?</translation>
    </message>
    <message>
        <source>Allow</source>
        <translation>Erlauben</translation>
    </message>
    <message>
        <source>Tasks can now run scripts from “{0}” on this computer.</source>
        <translation>Aufgaben können jetzt Skripte aus „{0}“ auf diesem Computer ausführen.</translation>
    </message>
    <message>
        <source>Restart the tasks that were refused.</source>
        <translation>Starten Sie die abgelehnten Aufgaben neu.</translation>
    </message>
</context>
<context>
    <name>Section</name>
    <message>
        <source>Set on the command line with {0}, which overrides this dialog.</source>
        <translation>In der Befehlszeile mit {0} festgelegt. Das hat Vorrang vor diesem Dialog.</translation>
    </message>
    <message>
        <source>Set by the variable {0}, which overrides this dialog.</source>
        <translation>Durch die Variable {0} festgelegt. Das hat Vorrang vor diesem Dialog.</translation>
    </message>
</context>
<context>
    <name>SettingsDialog</name>
    <message>
        <source>Settings</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>This computer</source>
        <translation>Dieser Computer</translation>
    </message>
    <message>
        <source>Cluster</source>
        <translation>Cluster</translation>
    </message>
    <message>
        <source>Logs and history</source>
        <translation>Protokolle und Verlauf</translation>
    </message>
    <message>
        <source>Appearance</source>
        <translation>Darstellung</translation>
    </message>
    <message>
        <source>Notifications</source>
        <translation>Benachrichtigungen</translation>
    </message>
    <message>
        <source>Window and start</source>
        <translation>Fenster und Start</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>Speichern</translation>
    </message>
    <message>
        <source>Checking the new settings …</source>
        <translation>Die neuen Einstellungen werden geprüft …</translation>
    </message>
    <message>
        <source>Can&apos;t reach the database right now. Nothing was changed.</source>
        <translation>Die Datenbank ist gerade nicht erreichbar. Es wurde nichts geändert.</translation>
    </message>
</context>
<context>
    <name>SettingsOpener</name>
    <message>
        <source>Settings …</source>
        <translation>Einstellungen …</translation>
    </message>
    <message>
        <source>Window</source>
        <translation>Fenster</translation>
    </message>
</context>
<context>
    <name>Sidebar</name>
    <message>
        <source>Pages</source>
        <translation>Seiten</translation>
    </message>
    <message>
        <source>Cluster</source>
        <translation>Cluster</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>Switch to light theme</source>
        <translation>Zum hellen Design wechseln</translation>
    </message>
    <message>
        <source>Switch to dark theme</source>
        <translation>Zum dunklen Design wechseln</translation>
    </message>
</context>
<context>
    <name>SingleInstance</name>
    <message>
        <source>FFmate Desktop is already open but doesn&apos;t respond.</source>
        <translation>FFmate Desktop ist bereits geöffnet, reagiert aber nicht.</translation>
    </message>
    <message>
        <source>It may be shutting down. Try again in a moment, or open another one with --data-dir.</source>
        <translation>Möglicherweise wird es gerade beendet. Versuchen Sie es gleich noch einmal, oder öffnen Sie mit --data-dir ein weiteres.</translation>
    </message>
    <message>
        <source>Too many files for one command line.</source>
        <translation>Zu viele Dateien für eine Befehlszeile.</translation>
    </message>
    <message>
        <source>Pass their folder instead, or drop the files on the window.</source>
        <translation>Übergeben Sie stattdessen den Ordner, oder ziehen Sie die Dateien auf das Fenster.</translation>
    </message>
    <message>
        <source>FFmate Desktop is already open with other settings: {0}.</source>
        <translation>FFmate Desktop ist bereits mit anderen Einstellungen geöffnet: {0}.</translation>
    </message>
    <message>
        <source>Quit it and start it with these settings, or open another one with --data-dir.</source>
        <translation>Beenden Sie es und starten Sie es mit diesen Einstellungen, oder öffnen Sie mit --data-dir ein weiteres.</translation>
    </message>
</context>
<context>
    <name>SlotsDialog</name>
    <message>
        <source>Slots of {0}</source>
        <translation>Plätze von {0}</translation>
    </message>
    <message>
        <source>Tasks at once</source>
        <translation>Gleichzeitige Aufgaben</translation>
    </message>
    <message>
        <source>Set</source>
        <translation>Übernehmen</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Takes effect immediately. Running tasks above the new number still finish. This node has {0} cores; about half as many slots is typical.</source>
        <translation>Gilt sofort. Laufende Aufgaben über der neuen Zahl werden noch abgeschlossen. Dieser Knoten hat {0} Kerne; üblich sind etwa halb so viele Plätze.</translation>
    </message>
</context>
<context>
    <name>SpeedGraph</name>
    <message>
        <source>Speed: {0} frames per second</source>
        <translation>Tempo: {0} Bilder pro Sekunde</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>Tempo</translation>
    </message>
    <message>
        <source>Waiting for the first frames</source>
        <translation>Warten auf die ersten Bilder</translation>
    </message>
    <message>
        <source>{0} fps</source>
        <translation>{0} fps</translation>
    </message>
</context>
<context>
    <name>StatsRow</name>
    <message>
        <source>Running</source>
        <translation>Läuft</translation>
    </message>
    <message>
        <source>Throughput</source>
        <translation>Durchsatz</translation>
    </message>
    <message>
        <source>Finished today</source>
        <translation>Heute fertig</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>Fehler</translation>
    </message>
    <message>
        <source>of {0} slots</source>
        <translation>von {0} Plätzen</translation>
    </message>
    <message>
        <source>{0} h of video</source>
        <translation>{0} h Video</translation>
    </message>
    <message>
        <source>{0} min of video</source>
        <translation>{0} min Video</translation>
    </message>
    <message>
        <source>in 24 hours</source>
        <translation>in 24 Stunden</translation>
    </message>
    <message>
        <source>frames per second</source>
        <translation>Bilder/s</translation>
    </message>
    <message>
        <source>1 node working</source>
        <translation>1 Knoten arbeitet</translation>
    </message>
    <message>
        <source>{0} nodes working</source>
        <translation>{0} Knoten arbeiten</translation>
    </message>
    <message>
        <source>No node is taking tasks</source>
        <translation>Kein Knoten nimmt Aufgaben an</translation>
    </message>
    <message>
        <source>Nothing is running</source>
        <translation>Nichts läuft</translation>
    </message>
    <message>
        <source>1 slot is free</source>
        <translation>1 Platz ist frei</translation>
    </message>
    <message>
        <source>{0} slots are free</source>
        <translation>{0} Plätze sind frei</translation>
    </message>
    <message>
        <source>about {0} to go</source>
        <translation>noch etwa {0}</translation>
    </message>
</context>
<context>
    <name>StatusStrip</name>
    <message>
        <source>Opening the queue …</source>
        <translation>Warteschlange wird geöffnet …</translation>
    </message>
    <message>
        <source>Connected to {0}</source>
        <translation>Verbunden mit {0}</translation>
    </message>
    <message>
        <source>This computer&apos;s queue is ready</source>
        <translation>Die Warteschlange dieses Computers ist bereit</translation>
    </message>
    <message>
        <source>Database unreachable for {0}. Encodes continue; reconnecting …</source>
        <translation>Datenbank seit {0} nicht erreichbar. Kodierungen laufen weiter; Verbindung wird aufgebaut …</translation>
    </message>
</context>
<context>
    <name>SubmitFlow</name>
    <message>
        <source>There are no files on the clipboard.</source>
        <translation>In der Zwischenablage sind keine Dateien.</translation>
    </message>
    <message>
        <source>Copy files in a file manager, or full paths as text, one per line.</source>
        <translation>Kopieren Sie Dateien in einem Dateimanager oder vollständige Pfade als Text, einen pro Zeile.</translation>
    </message>
    <message>
        <source>The file “{0}” doesn&apos;t exist.</source>
        <translation>Die Datei „{0}“ ist nicht vorhanden.</translation>
    </message>
    <message>
        <source>None of these {0} files exist.</source>
        <translation>Keine dieser {0} Dateien ist vorhanden.</translation>
    </message>
    <message>
        <source>Looking for video, audio and images …</source>
        <translation>Video, Audio und Bilder werden gesucht …</translation>
    </message>
    <message>
        <source>{0} so far.</source>
        <translation>Bisher {0}.</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Stoppen</translation>
    </message>
    <message>
        <source>Some folders couldn&apos;t be read.</source>
        <translation>Einige Ordner konnten nicht gelesen werden.</translation>
    </message>
    <message>
        <source>Skipped {0} written by this cluster.</source>
        <translation>{0} übersprungen, weil von diesem Cluster geschrieben.</translation>
    </message>
    <message>
        <source>Drop a file on its own to queue it anyway.</source>
        <translation>Ziehen Sie eine Datei einzeln herein, um sie trotzdem einzureihen.</translation>
    </message>
    <message>
        <source>No video, audio or images found.</source>
        <translation>Kein Video, kein Audio und keine Bilder gefunden.</translation>
    </message>
    <message>
        <source>Folders only add media files. Drop a file on its own to queue it anyway.</source>
        <translation>Aus Ordnern werden nur Mediendateien übernommen. Ziehen Sie eine Datei einzeln herein, um sie trotzdem einzureihen.</translation>
    </message>
    <message>
        <source>Only the first {0} files were added.</source>
        <translation>Nur die ersten {0} Dateien wurden hinzugefügt.</translation>
    </message>
    <message>
        <source>Queue them, then drop the rest.</source>
        <translation>Reihen Sie diese ein, und ziehen Sie dann die übrigen herein.</translation>
    </message>
    <message>
        <source>Queued {0}.</source>
        <translation>Eingereiht: {0}.</translation>
    </message>
    <message>
        <source>Preset: {0}</source>
        <translation>Voreinstellung: {0}</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>Rückgängig</translation>
    </message>
    <message>
        <source>Removed from the queue, except {0}.</source>
        <translation>Aus der Warteschlange entfernt, außer {0}.</translation>
    </message>
    <message>
        <source>They were already finished.</source>
        <translation>Sie waren schon fertig.</translation>
    </message>
</context>
<context>
    <name>SubmitSheet</name>
    <message>
        <source>From {0} folders</source>
        <translation>Aus {0} Ordnern</translation>
    </message>
    <message>
        <source>Queue {0}</source>
        <translation>{0} einreihen</translation>
    </message>
    <message>
        <source>{0} of {1}</source>
        <translation>{0} von {1}</translation>
    </message>
    <message>
        <source>Queuing …</source>
        <translation>Wird eingereiht …</translation>
    </message>
    <message>
        <source>Can&apos;t reach the database right now.</source>
        <translation>Die Datenbank ist gerade nicht erreichbar.</translation>
    </message>
    <message>
        <source>Fix the command first.</source>
        <translation>Korrigieren Sie zuerst den Befehl.</translation>
    </message>
    <message>
        <source>No preset matches your search.</source>
        <translation>Keine Voreinstellung entspricht der Suche.</translation>
    </message>
    <message>
        <source>Checking outputs: {0} of {1} …</source>
        <translation>Ausgaben werden geprüft: {0} von {1} …</translation>
    </message>
    <message>
        <source>Checking outputs …</source>
        <translation>Ausgaben werden geprüft …</translation>
    </message>
    <message>
        <source>1 file</source>
        <translation>1 Datei</translation>
    </message>
    <message>
        <source>{0} files</source>
        <translation>{0} Dateien</translation>
    </message>
    <message>
        <source>No node is running. The files wait until one joins.</source>
        <translation>Es läuft kein Knoten. Die Dateien warten, bis einer beitritt.</translation>
    </message>
    <message>
        <source>{0} can run this now.</source>
        <translation>{0} kann das jetzt ausführen.</translation>
    </message>
    <message>
        <source>All {0} nodes can run this now.</source>
        <translation>Alle {0} Knoten können das jetzt ausführen.</translation>
    </message>
    <message>
        <source>{0}, and {1} more</source>
        <translation>{0} und {1} weitere</translation>
    </message>
    <message>
        <source>No node can run this now, so it waits: {0}.</source>
        <translation>Kein Knoten kann das jetzt ausführen, daher warten die Aufgaben: {0}.</translation>
    </message>
    <message>
        <source>{0} of {1} nodes can; {2}.</source>
        <translation>{0} von {1} Knoten können es; {2}.</translation>
    </message>
    <message>
        <source>{0} doesn&apos;t have {1}</source>
        <translation>{0} fehlt: {1}</translation>
    </message>
    <message>
        <source>{0} is finishing its tasks before it leaves</source>
        <translation>{0} schließt seine Aufgaben ab und verlässt dann den Cluster</translation>
    </message>
    <message>
        <source>{0} is paused</source>
        <translation>{0} ist pausiert</translation>
    </message>
    <message>
        <source>{0} has no slots</source>
        <translation>{0} hat keine Plätze</translation>
    </message>
    <message>
        <source>{0} can&apos;t be read</source>
        <translation>{0} kann nicht gelesen werden</translation>
    </message>
    <message>
        <source>{0} can&apos;t run with this command</source>
        <translation>{0} lässt sich mit diesem Befehl nicht ausführen</translation>
    </message>
    <message>
        <source>the output folder of {0} isn&apos;t writable</source>
        <translation>der Ausgabeordner von {0} ist schreibgeschützt</translation>
    </message>
    <message>
        <source>the output of {0} already exists</source>
        <translation>die Ausgabe von {0} ist bereits vorhanden</translation>
    </message>
    <message>
        <source>the output of {0} is being written by another task</source>
        <translation>die Ausgabe von {0} wird gerade von einer anderen Aufgabe geschrieben</translation>
    </message>
    <message>
        <source>{0} would have the same output as another file</source>
        <translation>{0} hätte dieselbe Ausgabe wie eine andere Datei</translation>
    </message>
    <message>
        <source>the output of {0} exists and will be replaced</source>
        <translation>die Ausgabe von {0} ist vorhanden und wird ersetzt</translation>
    </message>
    <message>
        <source>the output name of {0} is taken, so a number will be added</source>
        <translation>der Ausgabename von {0} ist vergeben und bekommt eine Nummer</translation>
    </message>
    <message>
        <source>All output names are free.</source>
        <translation>Alle Ausgabenamen sind frei.</translation>
    </message>
    <message>
        <source>It will be skipped.</source>
        <translation>Sie wird übersprungen.</translation>
    </message>
    <message>
        <source>They will be skipped.</source>
        <translation>Sie werden übersprungen.</translation>
    </message>
</context>
<context>
    <name>SubmitSheetLayout</name>
    <message>
        <source>Queue files</source>
        <translation>Dateien einreihen</translation>
    </message>
    <message>
        <source>Preset</source>
        <translation>Voreinstellung</translation>
    </message>
    <message>
        <source>Command</source>
        <translation>Befehl</translation>
    </message>
    <message>
        <source>What to do with the files</source>
        <translation>Was mit den Dateien geschehen soll</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
</context>
<context>
    <name>Switching</name>
    <message>
        <source>The settings are already being changed.</source>
        <translation>Die Einstellungen werden bereits geändert.</translation>
    </message>
    <message>
        <source>Wait until that has finished.</source>
        <translation>Warten Sie, bis das abgeschlossen ist.</translation>
    </message>
    <message>
        <source>The previous queue stays open.</source>
        <translation>Die bisherige Warteschlange bleibt geöffnet.</translation>
    </message>
    <message>
        <source>This computer now uses the new settings.</source>
        <translation>Dieser Computer verwendet jetzt die neuen Einstellungen.</translation>
    </message>
    <message>
        <source>This window now shows the queue on this computer.</source>
        <translation>Dieses Fenster zeigt jetzt die Warteschlange auf diesem Computer.</translation>
    </message>
    <message>
        <source>The password isn&apos;t saved. Enter it again after the next start.</source>
        <translation>Das Passwort ist nicht gespeichert. Geben Sie es nach dem nächsten Start wieder ein.</translation>
    </message>
    <message>
        <source>This window now uses {0}.</source>
        <translation>Dieses Fenster verwendet jetzt {0}.</translation>
    </message>
    <message>
        <source>The queue changes when the running tasks have finished.</source>
        <translation>Die Warteschlange wird gewechselt, sobald die laufenden Aufgaben fertig sind.</translation>
    </message>
    <message>
        <source>The new settings apply when the running tasks have finished.</source>
        <translation>Die neuen Einstellungen gelten, sobald die laufenden Aufgaben fertig sind.</translation>
    </message>
    <message>
        <source>Until then, this computer takes no new tasks.</source>
        <translation>Bis dahin nimmt dieser Computer keine neuen Aufgaben an.</translation>
    </message>
    <message>
        <source>Keep current settings</source>
        <translation>Aktuelle Einstellungen behalten</translation>
    </message>
</context>
<context>
    <name>TasksForm</name>
    <message>
        <source>Any node</source>
        <translation>Jeder Knoten</translation>
    </message>
    <message>
        <source>Write FFmate&apos;s .lock files</source>
        <translation>.lock-Dateien wie FFmate schreiben</translation>
    </message>
    <message>
        <source>Priority</source>
        <translation>Priorität</translation>
    </message>
    <message>
        <source>Tasks with a higher priority run first.</source>
        <translation>Aufgaben mit höherer Priorität laufen zuerst.</translation>
    </message>
    <message>
        <source>Labels</source>
        <translation>Labels</translation>
    </message>
    <message>
        <source>Only nodes with all of these labels, such as storage:media, scan the folder and run its tasks.</source>
        <translation>Nur Knoten mit all diesen Labels, zum Beispiel storage:media, scannen den Ordner und führen seine Aufgaben aus.</translation>
    </message>
    <message>
        <source>Use this while FFmate nodes watch the same folder. Their lock files are always respected.</source>
        <translation>Aktivieren Sie dies, solange FFmate-Knoten denselben Ordner überwachen. Deren .lock-Dateien werden immer beachtet.</translation>
    </message>
    <message>
        <source>{0} (preset)</source>
        <translation>{0} (Vorgabe)</translation>
    </message>
    <message>
        <source>Same as preset</source>
        <translation>Wie in der Voreinstellung</translation>
    </message>
</context>
<context>
    <name>Timeline</name>
    <message>
        <source>Attempts</source>
        <translation>Versuche</translation>
    </message>
</context>
<context>
    <name>Tray</name>
    <message>
        <source>Open FFmate Desktop</source>
        <translation>FFmate Desktop öffnen</translation>
    </message>
    <message>
        <source>Show notifications</source>
        <translation>Benachrichtigungen anzeigen</translation>
    </message>
    <message>
        <source>Settings …</source>
        <translation>Einstellungen …</translation>
    </message>
    <message>
        <source>Quit FFmate Desktop</source>
        <translation>FFmate Desktop beenden</translation>
    </message>
    <message>
        <source>Work on the queue</source>
        <translation>An der Warteschlange arbeiten</translation>
    </message>
    <message>
        <source>Resume this computer</source>
        <translation>Auf diesem Computer fortsetzen</translation>
    </message>
    <message>
        <source>Pause this computer</source>
        <translation>Auf diesem Computer pausieren</translation>
    </message>
</context>
<context>
    <name>WatchfolderDialog</name>
    <message>
        <source>Edit watchfolder</source>
        <translation>Überwachten Ordner bearbeiten</translation>
    </message>
    <message>
        <source>Add watchfolder</source>
        <translation>Ordner überwachen</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>Ordner</translation>
    </message>
    <message>
        <source>Files</source>
        <translation>Dateien</translation>
    </message>
    <message>
        <source>Originals</source>
        <translation>Originale</translation>
    </message>
    <message>
        <source>Tasks</source>
        <translation>Aufgaben</translation>
    </message>
    <message>
        <source>Sections</source>
        <translation>Abschnitte</translation>
    </message>
    <message>
        <source>Dry run</source>
        <translation>Probelauf</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>Speichern</translation>
    </message>
    <message>
        <source>Any node that can reach the folder may scan it and encode its files.</source>
        <translation>Jeder Knoten, der den Ordner erreicht, kann ihn scannen und seine Dateien kodieren.</translation>
    </message>
    <message>
        <source>Choose a preset.</source>
        <translation>Wählen Sie eine Voreinstellung aus.</translation>
    </message>
    <message>
        <source>Move the originals of failed tasks to “{0}”?</source>
        <translation>Originale fehlgeschlagener Aufgaben nach „{0}“ verschieben?</translation>
    </message>
    <message>
        <source>Move originals to the trash after encoding?</source>
        <translation>Originale nach dem Kodieren in den Papierkorb legen?</translation>
    </message>
    <message>
        <source>Move originals to “{0}” after encoding?</source>
        <translation>Originale nach dem Kodieren nach „{0}“ verschieben?</translation>
    </message>
    <message>
        <source>This applies to every file in “{0}” that is encoded from now on. An original that has changed since it was encoded is left alone.</source>
        <translation>Das gilt für jede Datei in „{0}“, die ab jetzt kodiert wird. Ein Original, das sich seit dem Kodieren geändert hat, bleibt unberührt.</translation>
    </message>
</context>
<context>
    <name>WatchfoldersPage</name>
    <message>
        <source>Search watchfolders</source>
        <translation>Ordner suchen</translation>
    </message>
    <message>
        <source>Add watchfolder</source>
        <translation>Ordner überwachen</translation>
    </message>
    <message>
        <source>No watchfolders match this search.</source>
        <translation>Keine überwachten Ordner entsprechen dieser Suche.</translation>
    </message>
    <message>
        <source>Encode files automatically</source>
        <translation>Dateien automatisch kodieren</translation>
    </message>
    <message>
        <source>Drop a folder here. Files you put into it are encoded automatically by any node that can reach it.</source>
        <translation>Legen Sie hier einen Ordner ab. Alle Dateien darin werden automatisch kodiert, von jedem Knoten, der den Ordner erreicht.</translation>
    </message>
    <message>
        <source>Files in these folders are encoded automatically</source>
        <translation>Dateien in diesen Ordnern werden automatisch kodiert</translation>
    </message>
    <message numerus="yes">
        <source>%n need attention</source>
        <translation>
            <numerusform>%n erfordert Aufmerksamkeit</numerusform>
            <numerusform>%n erfordern Aufmerksamkeit</numerusform>
        </translation>
    </message>
    <message>
        <source>{0} suspended</source>
        <translation>{0} ausgesetzt</translation>
    </message>
    <message>
        <source>Drop a folder to watch it</source>
        <translation>Einen Ordner ablegen, um ihn zu überwachen</translation>
    </message>
    <message>
        <source>Files you put into it are encoded automatically. Single files are queued once.</source>
        <translation>Dateien in diesem Ordner werden automatisch kodiert. Einzelne Dateien werden einmal eingereiht.</translation>
    </message>
</context>
<context>
    <name>WildcardButton</name>
    <message>
        <source>Insert</source>
        <translation>Einfügen</translation>
    </message>
    <message>
        <source>Insert a wildcard</source>
        <translation>Platzhalter einfügen</translation>
    </message>
</context>
<context>
    <name>WindowSection</name>
    <message>
        <source>Window and start</source>
        <translation>Fenster und Start</translation>
    </message>
    <message>
        <source>When FFmate Desktop quits, and when it starts on its own.</source>
        <translation>Wann FFmate Desktop beendet wird und wann es von selbst startet.</translation>
    </message>
    <message>
        <source>Ask what to do</source>
        <translation>Fragen, was geschehen soll</translation>
    </message>
    <message>
        <source>Keep working in the background</source>
        <translation>Im Hintergrund weiterarbeiten</translation>
    </message>
    <message>
        <source>Finish running tasks, then quit</source>
        <translation>Laufende Aufgaben abschließen, dann beenden</translation>
    </message>
    <message>
        <source>Return tasks to the queue and quit now</source>
        <translation>Aufgaben in die Warteschlange zurückgeben und sofort beenden</translation>
    </message>
    <message>
        <source>When I close the window while tasks run here</source>
        <translation>Wenn ich das Fenster schließe, während hier Aufgaben laufen</translation>
    </message>
    <message>
        <source>This desktop has no tray for program icons, so there would be no way to bring the window back.</source>
        <translation>Dieser Desktop hat keinen Bereich für Programmsymbole, darum ließe sich das Fenster nicht zurückholen.</translation>
    </message>
    <message>
        <source>Start FFmate Desktop when I log in</source>
        <translation>FFmate Desktop starten, wenn ich mich anmelde</translation>
    </message>
    <message>
        <source>This computer then works on tasks without anyone opening the window.</source>
        <translation>Dieser Computer arbeitet dann mit, ohne dass jemand das Fenster öffnet.</translation>
    </message>
</context>
<context>
    <name>attempts</name>
    <message>
        <source>Running</source>
        <translation>Läuft</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>Fertig</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>Fehlgeschlagen</translation>
    </message>
    <message>
        <source>Cancelled</source>
        <translation>Abgebrochen</translation>
    </message>
    <message>
        <source>Returned to the queue</source>
        <translation>Zurück in der Warteschlange</translation>
    </message>
    <message>
        <source>Reclaimed by its node</source>
        <translation>Vom eigenen Knoten wieder übernommen</translation>
    </message>
    <message>
        <source>Left to other nodes</source>
        <translation>Anderen Knoten überlassen</translation>
    </message>
    <message>
        <source>Node was lost</source>
        <translation>Knoten ausgefallen</translation>
    </message>
    <message>
        <source>Other</source>
        <translation>Andere</translation>
    </message>
</context>
<context>
    <name>columns</name>
    <message>
        <source>Task</source>
        <translation>Aufgabe</translation>
    </message>
    <message>
        <source>Status</source>
        <translation>Status</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>Fortschritt</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>Tempo</translation>
    </message>
    <message>
        <source>fps</source>
        <translation>fps</translation>
    </message>
    <message>
        <source>Remaining</source>
        <translation>Verbleibend</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Node</source>
        <translation>Knoten</translation>
    </message>
    <message>
        <source>Preset</source>
        <translation>Voreinstellung</translation>
    </message>
    <message>
        <source>Priority</source>
        <translation>Priorität</translation>
    </message>
    <message>
        <source>Attempts</source>
        <translation>Versuche</translation>
    </message>
    <message>
        <source>Created</source>
        <translation>Erstellt</translation>
    </message>
    <message>
        <source>Finished</source>
        <translation>Beendet</translation>
    </message>
</context>
<context>
    <name>formatting</name>
    <message>
        <source>.</source>
        <translation>,</translation>
    </message>
    <message>
        <source>{0} d {1} h</source>
        <translation>{0} T {1} h</translation>
    </message>
    <message>
        <source>{0} h {1} min</source>
        <translation>{0} h {1} min</translation>
    </message>
    <message>
        <source>{0} min {1} s</source>
        <translation>{0} min {1} s</translation>
    </message>
    <message>
        <source>{0} s</source>
        <translation>{0} s</translation>
    </message>
    <message>
        <source>{0} min</source>
        <translation>{0} min</translation>
    </message>
    <message>
        <source>%d %b %H:%M</source>
        <translation>%d.%m. %H:%M</translation>
    </message>
    <message>
        <source>%d %b %Y</source>
        <translation>%d.%m.%Y</translation>
    </message>
</context>
<context>
    <name>media</name>
    <message>
        <source>{0} fps</source>
        <translation>{0} fps</translation>
    </message>
    <message>
        <source>{0} ch</source>
        <translation>{0}-Kanal</translation>
    </message>
</context>
<context>
    <name>nodes</name>
    <message>
        <source>This computer</source>
        <translation>Dieser Computer</translation>
    </message>
    <message>
        <source>Slots</source>
        <translation>Plätze</translation>
    </message>
    <message>
        <source>CPU</source>
        <translation>CPU</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>RAM</translation>
    </message>
    <message>
        <source>frames per second</source>
        <translation>Bilder pro Sekunde</translation>
    </message>
    <message>
        <source>and 1 more</source>
        <translation>und 1 weitere</translation>
    </message>
    <message>
        <source>and {0} more</source>
        <translation>und {0} weitere</translation>
    </message>
    <message>
        <source>Online</source>
        <translation>Online</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>Pausiert</translation>
    </message>
    <message>
        <source>Draining</source>
        <translation>Läuft aus</translation>
    </message>
    <message>
        <source>Late</source>
        <translation>Überfällig</translation>
    </message>
    <message>
        <source>Lost</source>
        <translation>Ausgefallen</translation>
    </message>
    <message>
        <source>Left</source>
        <translation>Abgemeldet</translation>
    </message>
    <message>
        <source>heartbeat {0} ago</source>
        <translation>Lebenszeichen vor {0}</translation>
    </message>
    <message>
        <source>last seen {0}</source>
        <translation>zuletzt gesehen {0}</translation>
    </message>
    <message>
        <source>1 core</source>
        <translation>1 Kern</translation>
    </message>
    <message>
        <source>{0} cores</source>
        <translation>{0} Kerne</translation>
    </message>
    <message>
        <source>low priority</source>
        <translation>niedrige Priorität</translation>
    </message>
    <message>
        <source>normal priority</source>
        <translation>normale Priorität</translation>
    </message>
    <message>
        <source>Left the cluster</source>
        <translation>Hat den Cluster verlassen</translation>
    </message>
    <message>
        <source>Takes no new tasks</source>
        <translation>Nimmt keine neuen Aufgaben an</translation>
    </message>
    <message>
        <source>Leaves when these tasks finish</source>
        <translation>Verlässt den Cluster, sobald diese Aufgaben fertig sind</translation>
    </message>
    <message>
        <source>Leaving</source>
        <translation>Verlässt den Cluster</translation>
    </message>
    <message>
        <source>Counts as lost in {0}</source>
        <translation>Gilt in {0} als ausgefallen</translation>
    </message>
    <message>
        <source>1 task returns to the queue in {0}</source>
        <translation>1 Aufgabe kommt in {0} zurück in die Warteschlange</translation>
    </message>
    <message>
        <source>{0} tasks return to the queue in {1}</source>
        <translation>{0} Aufgaben kommen in {1} zurück in die Warteschlange</translation>
    </message>
    <message>
        <source>Its tasks are back in the queue</source>
        <translation>Seine Aufgaben sind wieder in der Warteschlange</translation>
    </message>
    <message>
        <source>No tasks were running</source>
        <translation>Es liefen keine Aufgaben</translation>
    </message>
    <message>
        <source>Its task is back in the queue</source>
        <translation>Seine Aufgabe ist wieder in der Warteschlange</translation>
    </message>
    <message>
        <source>Its {0} tasks are back in the queue</source>
        <translation>Seine {0} Aufgaben sind wieder in der Warteschlange</translation>
    </message>
    <message>
        <source>No slots  ·  takes no tasks</source>
        <translation>Keine Plätze  ·  nimmt keine Aufgaben an</translation>
    </message>
    <message>
        <source>Idle  ·  ready for tasks</source>
        <translation>Frei  ·  bereit für Aufgaben</translation>
    </message>
    <message>
        <source>1 slot free</source>
        <translation>1 Platz frei</translation>
    </message>
    <message>
        <source>{0} slots free</source>
        <translation>{0} Plätze frei</translation>
    </message>
    <message>
        <source>{0} is lost</source>
        <translation>{0} ist ausgefallen</translation>
    </message>
    <message>
        <source>Its running task is back in the queue, and another node will take it.</source>
        <translation>Seine laufende Aufgabe ist wieder in der Warteschlange. Ein anderer Knoten übernimmt sie.</translation>
    </message>
    <message>
        <source>Its {0} running tasks are back in the queue, and other nodes will take them.</source>
        <translation>Seine {0} laufenden Aufgaben sind wieder in der Warteschlange. Andere Knoten übernehmen sie.</translation>
    </message>
    <message>
        <source>No tasks were running. The node rejoins when it is started again.</source>
        <translation>Es liefen keine Aufgaben. Der Knoten tritt wieder bei, sobald er gestartet wird.</translation>
    </message>
    <message>
        <source>No heartbeat from {0} for {1}</source>
        <translation>Kein Lebenszeichen von {0} seit {1}</translation>
    </message>
    <message>
        <source>Its running task returns to the queue in {0}, and another node will take it.</source>
        <translation>Seine laufende Aufgabe kommt in {0} zurück in die Warteschlange. Ein anderer Knoten übernimmt sie dann.</translation>
    </message>
    <message>
        <source>Its {0} running tasks return to the queue in {1}, and other nodes will take them.</source>
        <translation>Seine {0} laufenden Aufgaben kommen in {1} zurück in die Warteschlange. Andere Knoten übernehmen sie dann.</translation>
    </message>
    <message>
        <source>It isn&apos;t running any tasks. Without a heartbeat, it counts as lost in {0}.</source>
        <translation>Er führt keine Aufgaben aus. Ohne Lebenszeichen gilt er in {0} als ausgefallen.</translation>
    </message>
    <message>
        <source>1 second</source>
        <translation>1 Sekunde</translation>
    </message>
    <message>
        <source>{0} seconds</source>
        <translation>{0} Sekunden</translation>
    </message>
    <message>
        <source>Slots: {0} of {1} in use</source>
        <translation>Plätze: {0} von {1} belegt</translation>
    </message>
    <message>
        <source>Labels: {0}</source>
        <translation>Labels: {0}</translation>
    </message>
    <message>
        <source>Node</source>
        <translation>Knoten</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Status</translation>
    </message>
    <message>
        <source>Frames/s</source>
        <translation>Bilder/s</translation>
    </message>
    <message>
        <source>Tasks</source>
        <translation>Aufgaben</translation>
    </message>
</context>
<context>
    <name>status</name>
    <message>
        <source>Done</source>
        <translation>Fertig</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>Fehlgeschlagen</translation>
    </message>
    <message>
        <source>Cancelled</source>
        <translation>Abgebrochen</translation>
    </message>
    <message>
        <source>Other</source>
        <translation>Andere</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>Pausiert</translation>
    </message>
    <message>
        <source>Stopping</source>
        <translation>Wird beendet</translation>
    </message>
    <message>
        <source>Queued</source>
        <translation>Wartet</translation>
    </message>
    <message>
        <source>Preparing</source>
        <translation>Vorbereitung</translation>
    </message>
    <message>
        <source>Finishing</source>
        <translation>Nachbearbeitung</translation>
    </message>
    <message>
        <source>Publishing</source>
        <translation>Wird bereitgestellt</translation>
    </message>
    <message>
        <source>Running</source>
        <translation>Läuft</translation>
    </message>
</context>
<context>
    <name>watch</name>
    <message>
        <source>File</source>
        <translation>Datei</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Status</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>Grund</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Found</source>
        <translation>Gefunden</translation>
    </message>
    <message>
        <source>No files yet</source>
        <translation>Noch keine Dateien</translation>
    </message>
    <message>
        <source>Preset: {0}</source>
        <translation>Voreinstellung: {0}</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>Ordner</translation>
    </message>
    <message>
        <source>Files</source>
        <translation>Dateien</translation>
    </message>
    <message>
        <source>Preset</source>
        <translation>Voreinstellung</translation>
    </message>
    <message>
        <source>Last scan</source>
        <translation>Letzter Scan</translation>
    </message>
    <message>
        <source>Deleted preset</source>
        <translation>Gelöschte Voreinstellung</translation>
    </message>
    <message>
        <source>Watching</source>
        <translation>Überwacht</translation>
    </message>
    <message>
        <source>Scanning</source>
        <translation>Wird gescannt</translation>
    </message>
    <message>
        <source>New</source>
        <translation>Neu</translation>
    </message>
    <message>
        <source>Not being scanned</source>
        <translation>Wird nicht gescannt</translation>
    </message>
    <message>
        <source>Partly readable</source>
        <translation>Teilweise lesbar</translation>
    </message>
    <message>
        <source>Needs attention</source>
        <translation>Bitte prüfen</translation>
    </message>
    <message>
        <source>Unreachable</source>
        <translation>Nicht erreichbar</translation>
    </message>
    <message>
        <source>Suspended</source>
        <translation>Ausgesetzt</translation>
    </message>
    <message>
        <source>on {0}</source>
        <translation>auf {0}</translation>
    </message>
    <message>
        <source>since {0}</source>
        <translation>seit {0}</translation>
    </message>
    <message>
        <source>every {0}</source>
        <translation>alle {0}</translation>
    </message>
    <message>
        <source>ignores new files</source>
        <translation>ignoriert neue Dateien</translation>
    </message>
    <message>
        <source>waiting for a node</source>
        <translation>wartet auf einen Knoten</translation>
    </message>
    <message>
        <source>overdue by {0}</source>
        <translation>seit {0} überfällig</translation>
    </message>
    <message>
        <source>No available node has the labels {0}, or all such nodes are paused or busy.</source>
        <translation>Kein verfügbarer Knoten hat die Labels {0}, oder alle passenden Knoten sind pausiert oder ausgelastet.</translation>
    </message>
    <message>
        <source>No node is available: all nodes are paused or offline.</source>
        <translation>Kein Knoten ist verfügbar: Alle sind pausiert oder offline.</translation>
    </message>
    <message>
        <source>Suspended: new files are not queued. Queued tasks still run.</source>
        <translation>Ausgesetzt: Neue Dateien werden nicht eingereiht. Eingereihte Aufgaben laufen weiter.</translation>
    </message>
    <message>
        <source>Also watched by {0}: files that match both are queued twice.</source>
        <translation>Auch überwacht von {0}: Dateien, die zu beiden passen, werden doppelt eingereiht.</translation>
    </message>
    <message>
        <source>Waiting</source>
        <translation>Wartet</translation>
    </message>
    <message>
        <source>Growing</source>
        <translation>Wächst</translation>
    </message>
    <message>
        <source>Queued</source>
        <translation>Eingereiht</translation>
    </message>
    <message>
        <source>Running</source>
        <translation>Läuft</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>Fertig</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>Fehlgeschlagen</translation>
    </message>
    <message>
        <source>Skipped</source>
        <translation>Übersprungen</translation>
    </message>
    <message>
        <source>Output</source>
        <translation>Ausgabe</translation>
    </message>
    <message>
        <source>Other</source>
        <translation>Andere</translation>
    </message>
    <message>
        <source>attempt {0} of {1}</source>
        <translation>Versuch {0} von {1}</translation>
    </message>
    <message>
        <source>File is gone</source>
        <translation>Datei ist nicht mehr da</translation>
    </message>
    <message>
        <source>Encoding</source>
        <translation>Wird kodiert</translation>
    </message>
    <message>
        <source>Waiting for a free slot</source>
        <translation>Wartet auf einen freien Platz</translation>
    </message>
    <message>
        <source>Output is in place</source>
        <translation>Ausgabe ist fertig</translation>
    </message>
</context>
<context>
    <name>wildcards</name>
    <message>
        <source>Full path of the input</source>
        <translation>Vollständiger Pfad der Eingabe</translation>
    </message>
    <message>
        <source>Input name without extension</source>
        <translation>Name der Eingabe ohne Endung</translation>
    </message>
    <message>
        <source>Input name with extension</source>
        <translation>Name der Eingabe mit Endung</translation>
    </message>
    <message>
        <source>Input extension, with the dot</source>
        <translation>Endung der Eingabe, mit Punkt</translation>
    </message>
    <message>
        <source>Input folder</source>
        <translation>Ordner der Eingabe</translation>
    </message>
    <message>
        <source>Full path of the output</source>
        <translation>Vollständiger Pfad der Ausgabe</translation>
    </message>
    <message>
        <source>Output name without extension</source>
        <translation>Name der Ausgabe ohne Endung</translation>
    </message>
    <message>
        <source>Output folder</source>
        <translation>Ordner der Ausgabe</translation>
    </message>
    <message>
        <source>Date</source>
        <translation>Datum</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>Uhrzeit</translation>
    </message>
    <message>
        <source>Task ID</source>
        <translation>Kennung der Aufgabe</translation>
    </message>
    <message>
        <source>Operating system of the node</source>
        <translation>Betriebssystem des Knotens</translation>
    </message>
    <message>
        <source>Input name, safe for URLs</source>
        <translation>Name der Eingabe, für URLs geeignet</translation>
    </message>
    <message>
        <source>Input path, quoted for a filter</source>
        <translation>Pfad der Eingabe, für Filter maskiert</translation>
    </message>
    <message>
        <source>Sidecar: a file with the task as JSON</source>
        <translation>Sidecar: eine Datei mit der Aufgabe als JSON</translation>
    </message>
</context>
</TS>
