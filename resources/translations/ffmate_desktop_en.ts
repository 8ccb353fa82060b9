<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="en">
<context>
    <name>DropOverlay</name>
    <message numerus="yes">
        <source>Drop %n items to queue them</source>
        <translation>
            <numerusform>Drop %n item to queue it</numerusform>
            <numerusform>Drop %n items to queue them</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>RetentionSection</name>
    <message numerus="yes">
        <source>%n log files on this computer take {0}.</source>
        <translation>
            <numerusform>%n log file on this computer takes {0}.</numerusform>
            <numerusform>%n log files on this computer take {0}.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n finished tasks are in the queue. Its database takes {0}.</source>
        <translation>
            <numerusform>%n finished task is in the queue. Its database takes {0}.</numerusform>
            <numerusform>%n finished tasks are in the queue. Its database takes {0}.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>WatchfoldersPage</name>
    <message numerus="yes">
        <source>%n need attention</source>
        <translation>
            <numerusform>%n needs attention</numerusform>
            <numerusform>%n need attention</numerusform>
        </translation>
    </message>
</context>
</TS>
