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
